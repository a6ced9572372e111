package options

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/validation"
)

// highestRate is more requests a minute than anybody means.
const highestRate = 1_000_000

// rates is the flag --provider-rate: requests a minute by host.
type rates map[string]int

var _ pflag.Value = rates{}

// String implements pflag.Value.
func (r rates) String() string {
	all := make([]string, 0, len(r))
	for _, host := range slices.Sorted(maps.Keys(r)) {
		all = append(all, fmt.Sprintf("%s=%d", host, r[host]))
	}
	return strings.Join(all, ",")
}

// Type implements pflag.Value.
func (rates) Type() string { return "host=requests-per-minute" }

// Set implements pflag.Value. It is called for each time that the flag is given.
func (r rates) Set(text string) error {
	for one := range strings.SplitSeq(text, ",") {
		host, number, ok := strings.Cut(one, "=")
		if !ok {
			return fmt.Errorf("%q must be host=requests-per-minute, such as us.infisical.com=300", one)
		}
		host = strings.ToLower(strings.TrimSpace(host))
		if net.ParseIP(host) == nil && len(validation.IsDNS1123Subdomain(host)) > 0 {
			return fmt.Errorf("%q must be a host name or an address, without scheme, port and path", host)
		}
		if _, twice := r[host]; twice {
			return fmt.Errorf("%s is given twice", host)
		}
		perMinute, err := strconv.Atoi(strings.TrimSpace(number))
		if err != nil || perMinute < 0 || perMinute > highestRate {
			return fmt.Errorf("the requests a minute of %s must be a number from 0, for no limit, to %d", host, highestRate)
		}
		r[host] = perMinute
	}
	return nil
}
