package template

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"reflect"

	"software.sslmate.com/src/go-pkcs12"
)

// A PKCS #12 archive says itself how often its password is hashed, and decoding one that says two billion takes hours
// which nothing can interrupt. So the numbers are read before anything is hashed (RFC 7292 sections 4 and 5). A key inside
// of what is encrypted, whose number cannot be read, is refused: every tool encrypts keys on their own.

const (
	// maxIterations is the sum of what one archive may ask for. OWASP's advice for PBKDF2 was 600,000 in 2023.
	maxIterations = 2_000_000
	// iterationsPerEffort is about how many of them take a hundredth of a second.
	iterationsPerEffort = 10_000
	// maxArchive is how long an archive of a key and its chain may be. Checking an RSA key takes the square of its length.
	maxArchive = 128 << 10
)

// The shapes of an archive. What the decoder of go-pkcs12 reads has to be read alike here.
type (
	pfx struct {
		Version  int
		AuthSafe contentInfo
		MacData  macData `asn1:"optional"`
	}
	contentInfo struct {
		ContentType asn1.ObjectIdentifier
		Content     asn1.RawValue `asn1:"tag:0,explicit,optional"`
	}
	macData struct {
		Mac        digestInfo
		Salt       []byte
		Iterations int `asn1:"optional,default:1"`
	}
	digestInfo struct {
		Algorithm pkix.AlgorithmIdentifier
		Digest    []byte
	}
	encryptedData struct {
		Version int
		Content encryptedContent
	}
	encryptedContent struct {
		ContentType asn1.ObjectIdentifier
		Algorithm   pkix.AlgorithmIdentifier
		Content     []byte `asn1:"tag:0,optional"`
	}
	safeBag struct {
		ID         asn1.ObjectIdentifier
		Value      asn1.RawValue  `asn1:"tag:0,explicit"`
		Attributes []bagAttribute `asn1:"set,optional"`
	}
	bagAttribute struct {
		ID    asn1.ObjectIdentifier
		Value asn1.RawValue `asn1:"set"`
	}
	encryptedKey struct {
		Algorithm pkix.AlgorithmIdentifier
		Content   []byte
	}
)

var (
	oidData         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidEncrypted    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 6}
	oidKeyBag       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 1}
	oidEncryptedKey = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 12, 10, 1, 2}
)

var errArchive = errors.New("not a PKCS #12 archive that can be decoded within bounds")

// archive is what is readable of an archive without its password.
type archive struct {
	iterations int64
	// encrypted are the parts that only the password opens.
	encrypted []contentInfo
}

// decodePKCS12 opens an archive: its key, and its certificates in their order.
func decodePKCS12(password, input string) (any, []*x509.Certificate, error) {
	a, err := readArchive([]byte(input))
	if err != nil {
		return nil, nil, err
	}
	for _, part := range a.encrypted {
		if err := holdsCertificatesOnly(part, password); err != nil {
			return nil, nil, err
		}
	}
	key, leaf, others, err := pkcs12.DecodeChain([]byte(input), password)
	if err != nil {
		return nil, nil, err
	}
	return key, append([]*x509.Certificate{leaf}, others...), nil
}

func guardPKCS12(i int) guard {
	return func(b *Budget, args []reflect.Value) error {
		a, err := readArchive([]byte(args[i].String()))
		if err != nil {
			return &Error{Class: FunctionFailed}
		}
		const bytesPerEffort = 4 << 10
		return b.toil(1 + int64(args[i].Len())/bytesPerEffort + 2*a.iterations/iterationsPerEffort)
	}
}

func readArchive(der []byte) (*archive, error) {
	var outer pfx
	var content asn1.RawValue
	var parts []contentInfo
	if len(der) > maxArchive || !read(der, &outer) || !outer.AuthSafe.ContentType.Equal(oidData) ||
		!read(outer.AuthSafe.Content.Bytes, &content) || !read(content.Bytes, &parts) {
		return nil, errArchive
	}
	a := &archive{}
	if mac := outer.MacData; len(mac.Mac.Algorithm.Algorithm) > 0 {
		a.iterations = int64(mac.Iterations)
		if !a.add(mac.Mac.Algorithm) {
			return nil, errArchive
		}
	}
	for _, part := range parts {
		if !a.part(part) {
			return nil, errArchive
		}
	}
	if a.iterations < 0 || a.iterations > maxIterations {
		return nil, errArchive
	}
	return a, nil
}

// part adds up what a part asks for, and tells whether it could be read.
func (a *archive) part(part contentInfo) bool {
	switch {
	case part.ContentType.Equal(oidEncrypted):
		var data encryptedData
		a.encrypted = append(a.encrypted, part)
		return read(part.Content.Bytes, &data) && a.add(data.Content.Algorithm)
	case part.ContentType.Equal(oidData):
		var content []byte
		var bags []safeBag
		if !read(part.Content.Bytes, &content) || !read(content, &bags) {
			return false
		}
		for _, bag := range bags {
			var key encryptedKey
			if bag.ID.Equal(oidEncryptedKey) && (!read(bag.Value.Bytes, &key) || !a.add(key.Algorithm)) {
				return false
			}
		}
		return true
	default:
		return false
	}
}

// add counts every number among the parameters of an algorithm: iterations, and the lengths of keys.
func (a *archive) add(algorithm pkix.AlgorithmIdentifier) bool {
	return a.addNumbers(algorithm.Parameters.FullBytes, 0)
}

func (a *archive) addNumbers(der []byte, depth int) bool {
	const deepest = 16
	for len(der) > 0 {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(der, &v)
		if err != nil || depth > deepest {
			return false
		}
		der = rest
		if v.IsCompound {
			if !a.addNumbers(v.Bytes, depth+1) {
				return false
			}
			continue
		}
		if v.Class == asn1.ClassUniversal && v.Tag == asn1.TagInteger {
			var n int64
			if !read(v.FullBytes, &n) || n < 0 || n > maxIterations {
				return false
			}
			a.iterations += n
		}
	}
	return true
}

// read decodes the whole of der.
func read(der []byte, into any) bool {
	rest, err := asn1.Unmarshal(der, into)
	return err == nil && len(rest) == 0
}
