package template

import (
	"crypto/sha1" // Apache's {SHA} is what it is; bcrypt is the default.
	"encoding/base64"
	"errors"
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// htpasswd is a line of Apache's password files: hashed by bcrypt, or by SHA-1 where the third argument is "sha". ESO writes
// its complaint about a user name with a colon into the Secret; here it is an error.
func htpasswd(user, password string, algorithm ...string) (string, error) {
	if strings.Contains(user, ":") {
		return "", errors.New("a user name has no colon")
	}
	if len(algorithm) > 1 {
		return "", errors.New("too many arguments")
	}
	if len(algorithm) == 1 && algorithm[0] == "sha" {
		sum := sha1.Sum([]byte(password))
		return user + ":{SHA}" + base64.StdEncoding.EncodeToString(sum[:]), nil
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	return user + ":" + string(hash), err
}
