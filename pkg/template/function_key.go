package template

import (
	"crypto/rsa"
	"crypto/sha1" // RSA-OAEP with SHA-1 is what many tools encrypt with, and is not broken by SHA-1's collisions.
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"hash"

	"github.com/lestrrat-go/jwx/v2/jwk"
)

// maxBits is the longest RSA key that is calculated with.
const maxBits = 16384

// jwkPublicKeyPEM is the public key of a JSON Web Key, public or private, as PKIX.
func jwkPublicKeyPEM(text string) (string, error) {
	key, err := jwk.ParseKey([]byte(text))
	if err != nil {
		return "", err
	}
	public, err := key.PublicKey()
	if err != nil {
		return "", err
	}
	var raw any
	if err := public.Raw(&raw); err != nil {
		return "", err
	}
	der, err := x509.MarshalPKIXPublicKey(raw)
	if err != nil {
		return "", err
	}
	return encodePEM(publicKeyType, der), nil
}

// jwkPrivateKeyPEM is the private key of a JSON Web Key as PKCS #8.
func jwkPrivateKeyPEM(text string) (string, error) {
	key, err := jwk.ParseKey([]byte(text))
	if err != nil {
		return "", err
	}
	var raw any
	if err := key.Raw(&raw); err != nil {
		return "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(raw)
	if err != nil {
		return "", err
	}
	return encodePEM(privateKeyType, der), nil
}

// rsaDecrypt decrypts RSA-OAEP with an empty label. The scheme None gives the input back. An unknown hash is SHA-256.
func rsaDecrypt(scheme, hashName, input, key string) (string, error) {
	if scheme == "None" {
		return input, nil
	}
	if scheme != "RSA-OAEP" {
		return "", errors.New("unknown scheme")
	}
	parsed, err := parsePrivateKey(key)
	if err != nil {
		return "", err
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok || private.N.BitLen() > maxBits {
		return "", errors.New("not an RSA key, or one too long")
	}
	plain, err := rsa.DecryptOAEP(hashOf(hashName), nil, private, []byte(input), nil)
	return string(plain), err
}

func hashOf(name string) hash.Hash {
	switch name {
	case "SHA1":
		return sha1.New()
	case "SHA512":
		return sha512.New()
	default:
		return sha256.New()
	}
}

// parsePrivateKey reads the first block of PEM as PKCS #1, PKCS #8 or SEC 1.
func parsePrivateKey(text string) (any, error) {
	block, _ := pem.Decode(fromFirstBlock(text))
	if block == nil {
		return nil, errors.New("not PEM")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	return nil, errors.New("not a private key")
}
