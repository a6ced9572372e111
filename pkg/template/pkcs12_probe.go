package template

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"

	"software.sslmate.com/src/go-pkcs12"
)

// holdsCertificatesOnly opens one encrypted part beside a key of our own, in an archive made for the purpose. The decoder
// refuses a second key as soon as it meets one, before it decrypts it: so the part holds no key if this succeeds.
func holdsCertificatesOnly(part contentInfo, password string) error {
	probe, err := probeArchive(part, password)
	if err != nil {
		return errArchive
	}
	_, _, _, err = pkcs12.DecodeChain(probe, password)
	return err
}

var (
	oidPBMAC1     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 14}
	oidPBKDF2     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 5, 12}
	oidHMACSHA256 = asn1.ObjectIdentifier{1, 2, 840, 113549, 2, 9}
)

// probeArchive is an archive of a key that is known to all and of part.
func probeArchive(part contentInfo, password string) ([]byte, error) {
	key, err := x509.MarshalPKCS8PrivateKey(ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)))
	if err != nil {
		return nil, err
	}
	bags, err := asn1.Marshal([]safeBag{{ID: oidKeyBag, Value: explicit(key)}})
	if err != nil {
		return nil, err
	}
	own, err := dataContent(bags)
	if err != nil {
		return nil, err
	}
	parts, err := asn1.Marshal([]contentInfo{own, part})
	if err != nil {
		return nil, err
	}
	content, err := dataContent(parts)
	if err != nil {
		return nil, err
	}
	if password == "" {
		// The decoder takes an archive without a MAC where there is no password.
		return asn1.Marshal(struct {
			Version  int
			AuthSafe contentInfo
		}{3, content})
	}
	mac, err := macOf(parts, password)
	if err != nil {
		return nil, err
	}
	return asn1.Marshal(pfx{Version: 3, AuthSafe: content, MacData: mac})
}

// macOf authenticates content by PBMAC1 (RFC 9579) with a single iteration: nobody but this process sees it.
func macOf(content []byte, password string) (macData, error) {
	salt := make([]byte, 16)
	const length = 32
	kdf, err := asn1.Marshal(struct {
		Salt                  []byte
		Iterations, KeyLength int
		PRF                   pkix.AlgorithmIdentifier
	}{salt, 1, length, pkix.AlgorithmIdentifier{Algorithm: oidHMACSHA256}})
	if err != nil {
		return macData{}, err
	}
	parameters, err := asn1.Marshal(struct{ KDF, MAC pkix.AlgorithmIdentifier }{
		pkix.AlgorithmIdentifier{Algorithm: oidPBKDF2, Parameters: asn1.RawValue{FullBytes: kdf}},
		pkix.AlgorithmIdentifier{Algorithm: oidHMACSHA256},
	})
	if err != nil {
		return macData{}, err
	}
	key, err := pbkdf2.Key(sha256.New, password, salt, 1, length)
	if err != nil {
		return macData{}, err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(content)
	algorithm := pkix.AlgorithmIdentifier{Algorithm: oidPBMAC1, Parameters: asn1.RawValue{FullBytes: parameters}}
	return macData{Mac: digestInfo{Algorithm: algorithm, Digest: mac.Sum(nil)}, Salt: salt, Iterations: 1}, nil
}

func dataContent(content []byte) (contentInfo, error) {
	octets, err := asn1.Marshal(content)
	return contentInfo{ContentType: oidData, Content: explicit(octets)}, err
}

// explicit wraps der in the tag [0].
func explicit(der []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, IsCompound: true, Bytes: der}
}
