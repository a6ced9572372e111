// Package etcdclient dials the etcd that the server stores its objects in, for what the API machinery does not do with it.
package etcdclient

import (
	"fmt"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"k8s.io/apiserver/pkg/storage/storagebackend"
)

// keepAlive is how often an idle connection is tried, and how long it may take to answer.
const keepAlive = 30 * time.Second

// Dial makes a client of the servers in config, with its TLS files. It connects in the background: what is asked of it waits.
func Dial(config storagebackend.TransportConfig) (*clientv3.Client, error) {
	dialled := clientv3.Config{
		Endpoints:            config.ServerList,
		DialKeepAliveTime:    keepAlive,
		DialKeepAliveTimeout: keepAlive,
		Logger:               zap.NewNop(),
	}
	if config.CertFile != "" || config.KeyFile != "" || config.TrustedCAFile != "" {
		files := transport.TLSInfo{CertFile: config.CertFile, KeyFile: config.KeyFile, TrustedCAFile: config.TrustedCAFile}
		var err error
		if dialled.TLS, err = files.ClientConfig(); err != nil {
			return nil, fmt.Errorf("set up TLS to etcd: %w", err)
		}
	}
	client, err := clientv3.New(dialled)
	if err != nil {
		return nil, fmt.Errorf("set up the client of etcd: %w", err)
	}
	return client, nil
}

// Each are the configs of the servers in config, one by one: what concerns a member is asked of that member.
func Each(config storagebackend.TransportConfig) []storagebackend.TransportConfig {
	one := make([]storagebackend.TransportConfig, 0, len(config.ServerList))
	for _, server := range config.ServerList {
		member := config
		member.ServerList = []string{server}
		one = append(one, member)
	}
	return one
}
