package template

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"

	"software.sslmate.com/src/go-pkcs12"
)

func pkcs12Key(input string) (string, error) { return pkcs12KeyPass("", input) }

// pkcs12KeyPass is the private key of an archive as PKCS #8.
func pkcs12KeyPass(password, input string) (string, error) {
	key, _, err := decodePKCS12(password, input)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	return encodePEM(privateKeyType, der), nil
}

func pkcs12Cert(input string) (string, error) { return pkcs12CertPass("", input) }

// pkcs12CertPass is the certificates of an archive, from the leaf to the root where they are one chain, else in its order.
func pkcs12CertPass(password, input string) (string, error) {
	_, certificates, err := decodePKCS12(password, input)
	if err != nil {
		return "", err
	}
	if chain, err := sortChain(certificates); err == nil {
		certificates = chain
	}
	return encodeCertificates(certificates...), nil
}

func pemToPKCS12(certificate, key string) (string, error) {
	return pemToPKCS12Pass(certificate, key, "")
}

// pemToPKCS12Pass makes an archive of the first certificate and its key, in base64.
func pemToPKCS12Pass(certificate, key, password string) (string, error) {
	block, _ := pem.Decode(fromFirstBlock(certificate))
	if block == nil {
		return "", errors.New("no certificate")
	}
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return "", err
	}
	return encodePKCS12([]*x509.Certificate{parsed}, key, password)
}

func fullPEMToPKCS12(certificates, key string) (string, error) {
	return fullPEMToPKCS12Pass(certificates, key, "")
}

// fullPEMToPKCS12Pass makes an archive of a chain of certificates, the leaf first, and the leaf's key, in base64.
func fullPEMToPKCS12Pass(chain, key, password string) (string, error) {
	certificates, err := parseCertificates(fromFirstBlock(chain))
	if err != nil {
		return "", err
	}
	return encodePKCS12(certificates, key, password)
}

func encodePKCS12(certificates []*x509.Certificate, key, password string) (string, error) {
	if len(certificates) == 0 {
		return "", errors.New("no certificate")
	}
	private, err := parsePrivateKey(key)
	if err != nil {
		return "", err
	}
	archive, err := pkcs12.Modern.Encode(private, certificates[0], certificates[1:], password)
	return base64.StdEncoding.EncodeToString(archive), err
}

func pemTruststoreToPKCS12(certificates string) (string, error) {
	return pemTruststoreToPKCS12Pass(certificates, "")
}

// pemTruststoreToPKCS12Pass makes an archive of certificates that are trusted, in base64.
func pemTruststoreToPKCS12Pass(input, password string) (string, error) {
	certificates, err := parseCertificates(fromFirstBlock(input))
	if err != nil {
		return "", err
	}
	archive, err := pkcs12.Modern.EncodeTrustStore(certificates, password)
	return base64.StdEncoding.EncodeToString(archive), err
}
