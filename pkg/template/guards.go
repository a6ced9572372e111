package template

import (
	"math"
	"reflect"
	"strings"
)

const (
	// maxElements is how many elements one call may put into a list or map.
	maxElements = 100_000
	// maxWidth is the largest width or precision in a format.
	maxWidth = 4096
	// maxKey is how long a private key in PEM or JSON may be: one of 16384 bits is about 13 KB. Calculating with a number
	// takes the cube of its length.
	maxKey = 16 << 10
	// maxTree is how long a text may be that is parsed into values: they take some twenty times its length.
	maxTree = 1 << 20
	// maxEncoded is how much may be written as JSON or YAML, which takes some hundred times of it.
	maxEncoded = 4 << 20
	// maxVersion is how long a version, or what it is compared with, may be.
	maxVersion = 4096
)

type guard = func(b *Budget, args []reflect.Value) error

// guards foresee what calls would take whose results are not about as long as their arguments.
func guards() map[string]guard {
	all := map[string]guard{
		"repeat": func(b *Budget, args []reflect.Value) error { return b.product(args[0].Int(), int64(args[1].Len())) },
		"indent": guardIndent, "nindent": guardIndent,
		"replace":  guardReplace,
		"wrapWith": guardWrapWith,
		"join":     guardJoin,
		"printf":   guardFormat,
		"until":    func(b *Budget, args []reflect.Value) error { return b.elements(args[0].Int()) },
		// The steps are bounded as well as their number: sprig adds until an integer overflows.
		"untilStep": func(b *Budget, args []reflect.Value) error {
			return b.progression(args[0].Int(), args[1].Int(), args[2].Int())
		},
		"seq":   guardSeq,
		"chunk": guardChunk, "mustChunk": guardChunk,
		"splitList": guardSplit(0, 1), "split": guardSplit(0, 1), "splitn": guardSplit(0, 2),
		"toYaml": guardNested, "toPrettyJson": guardNested, "mustToPrettyJson": guardNested,
		"toJson": guardEncoded, "mustToJson": guardEncoded, "toRawJson": guardEncoded, "mustToRawJson": guardEncoded,
		"trimAll": guardTrim, "trimall": guardTrim, "shuffle": guardSlow, "filterCertChain": guardChain,
		"semver": guardVersion, "semverCompare": guardVersion,
		"fromYaml": guardText(0), "fromJson": guardText(0), "mustFromJson": guardText(0),
		"genPrivateKey": guardPrivateKey,
		"genCAWithKey":  guardKeys, "genSelfSignedCertWithKey": guardKeys, "genSignedCertWithKey": guardKeys,
		"genSignedCert": guardKeys, "buildCustomCert": guardKeys,
		"jwkPublicKeyPem": guardKeys, "jwkPrivateKeyPem": guardKeys, "rsaDecrypt": guardKeys,
		"pemToPkcs12": guardSecondKey, "pemToPkcs12Pass": guardSecondKey,
		"fullPemToPkcs12": guardSecondKey, "fullPemToPkcs12Pass": guardSecondKey,
		"pkcs12key": guardPKCS12(0), "pkcs12keyPass": guardPKCS12(1),
		"pkcs12cert": guardPKCS12(0), "pkcs12certPass": guardPKCS12(1),
	}
	for _, name := range strings.Fields("uniq mustUniq without mustWithout") {
		all[name] = guardSquare
	}
	for _, name := range strings.Fields("randAlpha randAlphaNum randAscii randNumeric randBytes") {
		all[name] = func(b *Budget, args []reflect.Value) error { return b.elements(args[0].Int()) }
	}
	for _, name := range strings.Fields("addf add1f subf mulf divf") {
		all[name] = guardDecimals
	}
	for _, name := range regexNames() {
		all[name] = guardRegex(name)
	}
	return all
}

// efforts are about hundredths of a second.
func efforts() map[string]int64 {
	return map[string]int64{
		"bcrypt": 6, "htpasswd": 6, "derivePassword": 25,
		"genCA": 20, "genSelfSignedCert": 20, "genSignedCert": 20,
		"genCAWithKey": 5, "genSelfSignedCertWithKey": 5, "genSignedCertWithKey": 5, "buildCustomCert": 2,
		"rsaDecrypt": 5, "jwkPublicKeyPem": 2, "jwkPrivateKeyPem": 2,
		"pemToPkcs12": 2, "pemToPkcs12Pass": 2, "fullPemToPkcs12": 2, "fullPemToPkcs12Pass": 2,
		"pemTruststoreToPKCS12": 2, "pemTruststoreToPKCS12Pass": 2,
	}
}

// product spends for n pieces of the given size before they are made.
func (b *Budget) product(n, size int64) error {
	if n > 0 && size > math.MaxInt64/n {
		return &Error{Class: TooLarge}
	}
	return b.produce(max(n, 0) * size)
}

// elements spends for n elements of a list.
func (b *Budget) elements(n int64) error {
	if n > maxElements {
		return &Error{Class: TooLarge}
	}
	return b.product(n, perValue)
}

// progression spends for the numbers from start to stop by steps.
func (b *Budget) progression(start, stop, step int64) error {
	const safe = 1 << 53
	for _, n := range []int64{start, stop, step} {
		if n > safe || n < -safe {
			return &Error{Class: TooLarge}
		}
	}
	if step == 0 {
		return nil
	}
	return b.elements((stop-start)/step + 1)
}

func guardSeq(b *Budget, args []reflect.Value) error {
	// seq end, seq start end, seq start step end.
	p := args[0]
	switch p.Len() {
	case 1:
		return b.progression(1, p.Index(0).Int(), direction(1, p.Index(0).Int()))
	case 2:
		return b.progression(p.Index(0).Int(), p.Index(1).Int(), direction(p.Index(0).Int(), p.Index(1).Int()))
	case 3:
		return b.progression(p.Index(0).Int(), p.Index(2).Int(), p.Index(1).Int())
	}
	return nil
}

func direction(start, stop int64) int64 {
	if stop < start {
		return -1
	}
	return 1
}

func guardIndent(b *Budget, args []reflect.Value) error {
	return b.product(args[0].Int(), int64(strings.Count(args[1].String(), "\n")+1))
}

func guardReplace(b *Budget, args []reflect.Value) error {
	return b.product(int64(strings.Count(args[2].String(), args[0].String())), int64(args[1].Len()))
}

func guardWrapWith(b *Budget, args []reflect.Value) error {
	// A word that is too long is broken; a width below 1 counts as 1.
	lines := int64(args[2].Len())/max(args[0].Int(), 1) + int64(strings.Count(args[2].String(), " ")) + 1
	return b.product(lines, int64(args[1].Len()))
}

func guardJoin(b *Budget, args []reflect.Value) error {
	list := args[1]
	if list.Kind() == reflect.Interface {
		list = list.Elem()
	}
	if list.Kind() != reflect.Slice && list.Kind() != reflect.Array {
		return nil
	}
	return b.product(int64(list.Len()), int64(args[0].Len()))
}

func guardSplit(separator, text int) guard {
	return func(b *Budget, args []reflect.Value) error {
		return b.elements(int64(strings.Count(args[text].String(), args[separator].String())) + 1)
	}
}

func guardChunk(_ *Budget, args []reflect.Value) error {
	if args[0].Int() < 1 {
		return &Error{Class: FunctionFailed}
	}
	return nil
}

// guardSquare is for functions that compare every element with every other one.
func guardSquare(b *Budget, args []reflect.Value) error {
	weight, err := weigh(args[0], maxBytes)
	if err != nil {
		return err
	}
	others := weight
	if len(args) > 1 {
		if others, err = weigh(args[1], maxBytes); err != nil {
			return err
		}
	}
	return b.Spend(weight / perValue * (others/perValue + 1) / 64)
}

// guardNested is for encodings that indent: every line may be as long as the nesting is deep.
func guardNested(b *Budget, args []reflect.Value) error {
	weight, err := weigh(args[0], maxEncoded)
	if err != nil {
		return err
	}
	return b.product(weight/perValue, nesting(args[0])*2)
}

func guardEncoded(_ *Budget, args []reflect.Value) error {
	_, err := weigh(args[0], maxEncoded)
	return err
}

// guardDecimals is for arithmetic with decimals of any length: each number may add 308 digits to those of the others.
func guardDecimals(b *Budget, args []reflect.Value) error {
	n := int64(args[len(args)-1].Len()) + 1
	const perNumber = 100
	return b.Spend(n * (n + perNumber))
}

// guardChain looks for the issuer of every certificate among all of them.
func guardChain(b *Budget, args []reflect.Value) error {
	const perStep = 16
	n := int64(strings.Count(args[1].String(), "-----BEGIN"))
	return b.Spend(n * (n/perStep + perStep))
}

// guardSlow is for functions that take much longer for each character than others.
func guardSlow(b *Budget, args []reflect.Value) error {
	const perStep = 8
	return b.Spend(int64(args[0].Len()) / perStep)
}

func guardVersion(b *Budget, args []reflect.Value) error {
	for _, arg := range args {
		if arg.Len() > maxVersion {
			return &Error{Class: TooLarge}
		}
		if err := b.Spend(int64(arg.Len())); err != nil {
			return err
		}
	}
	return nil
}

func guardText(i int) guard {
	return func(b *Budget, args []reflect.Value) error {
		if args[i].Len() > maxTree {
			return &Error{Class: TooLarge}
		}
		const perStep = 8
		return b.Spend(int64(args[i].Len()) / perStep)
	}
}

func guardPrivateKey(b *Budget, args []reflect.Value) error {
	switch args[0].String() {
	case "", "rsa":
		return b.toil(100)
	case "dsa":
		return b.toil(200)
	default:
		return b.toil(1)
	}
}

// guardKeys limits every argument to the length of a key.
func guardKeys(_ *Budget, args []reflect.Value) error {
	for _, arg := range args {
		// A certificate of sprig's is a struct of two texts.
		if _, err := weigh(arg, 2*maxKey); err != nil {
			return err
		}
	}
	return nil
}

// guardSecondKey limits the second argument to the length of a key.
func guardSecondKey(b *Budget, args []reflect.Value) error { return guardKeys(b, args[1:2]) }
