#!/usr/bin/env bash
# Makes the golden vectors of the template functions with openssl 3, keytool, node, htpasswd, coreutils and python3: none of
# them is the code under test. The keys are made for these tests and used for nothing else. Every run makes new keys.
# Passwords are "test-password".
set -euo pipefail
cd "$(dirname "$0")"
rm -f ./vectors.json ./*.pem ./*.p12 ./*.jwk ./*.bin ./*.txt
password=test-password

certificate() { # name subject issuer extensions [key options]
  openssl req -new -newkey rsa:2048 -nodes -keyout "$1.key.pem" -subj "$2" -out "$1.csr" 2>/dev/null
  if [ "$3" = self ]; then
    openssl x509 -req -in "$1.csr" -signkey "$1.key.pem" -days 36500 -extfile <(printf '%s' "$4") -out "$1.pem" 2>/dev/null
  else
    openssl x509 -req -in "$1.csr" -CA "$3.pem" -CAkey "$3.key.pem" -CAcreateserial -days 36500 \
      -extfile <(printf '%s' "$4") -out "$1.pem" 2>/dev/null
  fi
}
ids=$'subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid:always\n'
ca=$'basicConstraints=critical,CA:TRUE\n'
certificate root '/CN=Test Root' self "$ca$ids"
certificate intermediate '/CN=Test Intermediate' root "$ca$ids"
certificate leaf '/CN=leaf.example.com' intermediate \
  "$ids"$'subjectAltName=DNS:leaf.example.com,DNS:*.example.com,IP:192.0.2.7,IP:2001:db8::1,email:ops@example.com,URI:spiffe://example.com/leaf\n'
certificate other '/CN=other.example.com' self "$ids"
# Certificates without key ids, and of other kinds of keys.
openssl req -x509 -newkey rsa:2048 -nodes -keyout bare.key.pem -subj /CN=bare -days 36500 -out bare.pem 2>/dev/null \
  -config <(printf '[req]\ndistinguished_name=dn\n[dn]\n')
for kind in ed25519 p384; do
  if [ "$kind" = p384 ]; then algorithm=(-algorithm EC -pkeyopt ec_paramgen_curve:P-384); else algorithm=(-algorithm ed25519); fi
  openssl genpkey "${algorithm[@]}" -out "$kind.key.pem"
  openssl req -new -x509 -key "$kind.key.pem" -subj "/CN=$kind" -days 36500 -out "$kind.pem"
done
openssl genpkey -algorithm x25519 -out x25519.key.pem
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out p521.key.pem
rm -f ./*.csr ./*.srl
cat leaf.pem intermediate.pem root.pem > chain.pem
cat root.pem leaf.pem intermediate.pem > unordered.pem
{ echo "a remark before the first block"; cat leaf.key.pem leaf.pem intermediate.pem; } > mixed.pem

# Private keys in each form, and what PKCS #8 and PKIX make of them.
openssl pkey -in leaf.key.pem -traditional -out rsa-pkcs1.key.pem
openssl ecparam -name prime256v1 -genkey -noout -out ec-sec1.key.pem
openssl pkcs8 -topk8 -nocrypt -in ec-sec1.key.pem -out ec.key.pem
openssl pkey -in leaf.key.pem -pubout -out leaf.public.pem
for kind in ec ed25519 p384 p521; do openssl pkey -in "$kind.key.pem" -pubout -out "$kind.public.pem"; done

# PKCS #12: openssl's own choice, the old ciphers, without password, key alone in the clear, as Java writes it, and one that
# asks for three million iterations.
export_p12() { openssl pkcs12 -export -inkey leaf.key.pem -in leaf.pem -certfile <(cat intermediate.pem root.pem) "$@"; }
export_p12 -passout "pass:$password" -out modern.p12
export_p12 -passout "pass:$password" -legacy -certpbe PBE-SHA1-RC2-40 -keypbe PBE-SHA1-3DES -macalg sha1 -out legacy.p12
export_p12 -passout pass: -out empty-password.p12
export_p12 -passout "pass:$password" -keypbe NONE -certpbe NONE -out clear.p12
export_p12 -passout "pass:$password" -iter 3000000 -nomac -out iterations.p12
export_p12 -passout "pass:$password" -legacy -certpbe PBE-SHA1-3DES -keypbe PBE-SHA1-3DES -macalg sha1 -name "a name" -out triple-des.p12
export_p12 -passout pass: -legacy -certpbe PBE-SHA1-RC2-40 -keypbe PBE-SHA1-3DES -macalg sha1 -out legacy-empty-password.p12
export_p12 -passout pass: -keypbe NONE -certpbe NONE -nomac -out open.p12
openssl pkcs12 -export -inkey leaf.key.pem -in leaf.pem -certfile <(cat root.pem intermediate.pem) -passout 'pass:pässwörd' -out unordered.p12
for kind in ed25519 p384; do
  openssl pkcs12 -export -inkey "$kind.key.pem" -in "$kind.pem" -passout "pass:$password" -out "$kind.p12"
done
openssl pkcs12 -export -inkey leaf.key.pem -nocerts -passout "pass:$password" -out key-alone.p12
openssl pkcs12 -export -nokeys -in chain.pem -passout "pass:$password" -out certificates-alone.p12
for name in root intermediate; do
  keytool -importcert -noprompt -alias "$name" -file "$name.pem" -keystore java-trust.p12 -storetype PKCS12 -storepass "$password" 2>/dev/null
done
keytool -importkeystore -srckeystore modern.p12 -srcstoretype PKCS12 -srcstorepass "$password" \
  -destkeystore java.p12 -deststoretype PKCS12 -deststorepass "$password" -noprompt 2>/dev/null

# RSA-OAEP with each hash.
printf 'decrypted by openssl and us' > plain.txt
for hash in sha1 sha256 sha512; do
  openssl pkeyutl -encrypt -pubin -inkey leaf.public.pem -in plain.txt -out "oaep-$hash.bin" \
    -pkeyopt rsa_padding_mode:oaep -pkeyopt "rsa_oaep_md:$hash"
done

# The same by node, whose OAEP has its own default hash.
node -e '
  const crypto = require("crypto"), fs = require("fs"), key = fs.readFileSync("leaf.public.pem")
  for (const hash of ["sha1", "sha256", "sha512"])
    fs.writeFileSync("node-" + hash + ".bin", crypto.publicEncrypt({key, oaepHash: hash}, fs.readFileSync("plain.txt")))
  fs.writeFileSync("node-pkcs1.bin", crypto.publicEncrypt({key, padding: crypto.constants.RSA_PKCS1_PADDING}, fs.readFileSync("plain.txt")))'

# AES-256-CBC, the initialization vector before the text; the key is the password filled up with zeros.
iv=000102030405060708090a0b0c0d0e0f
key=$(printf %s "$password" | od -An -tx1 | tr -d ' \n')
key=$(printf '%-64s' "$key" | tr ' ' 0)
{ printf '%s' "$iv" | python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))'
  openssl enc -aes-256-cbc -K "$key" -iv "$iv" -in plain.txt; } | base64 -w0 > aes.txt

# JSON Web Keys, from the numbers that openssl prints.
python3 - <<'PYTHON'
import base64, json, re, subprocess

def text(*args):
    return subprocess.run(["openssl", "pkey", "-noout", "-text", "-in", *args], check=True, capture_output=True, text=True).stdout

def number(report, name):
    found = re.search(name + r":\s*((?:[0-9a-f]{2}:?\s*)+)", report)
    return bytes.fromhex(re.sub(r"[^0-9a-f]", "", found.group(1)))

def encode(b, size=None):
    b = b.lstrip(b"\0")
    if size:
        b = b.rjust(size, b"\0")
    return base64.urlsafe_b64encode(b).rstrip(b"=").decode()

rsa = text("leaf.key.pem")
key = {"kty": "RSA", "kid": "test", "n": encode(number(rsa, "modulus")), "e": "AQAB"}
assert "publicExponent: 65537" in rsa
json.dump(key, open("rsa-public.jwk", "w"))
key |= {"d": encode(number(rsa, "privateExponent")), "p": encode(number(rsa, "prime1")), "q": encode(number(rsa, "prime2")),
        "dp": encode(number(rsa, "exponent1")), "dq": encode(number(rsa, "exponent2")), "qi": encode(number(rsa, "coefficient"))}
json.dump(key, open("rsa-private.jwk", "w"))

ec = text("ec.key.pem")
point = number(ec, "pub")
assert point[0] == 4 and len(point) == 65
key = {"kty": "EC", "crv": "P-256", "x": encode(point[1:33], 32), "y": encode(point[33:], 32)}
json.dump(key, open("ec-public.jwk", "w"))
key["d"] = encode(number(ec, "priv"), 32)
json.dump(key, open("ec-private.jwk", "w"))
PYTHON

# The other kinds of keys by node.
node -e '
  const crypto = require("crypto"), fs = require("fs")
  for (const kind of ["ed25519", "p384", "p521", "x25519"]) {
    const key = crypto.createPrivateKey(fs.readFileSync(kind + ".key.pem"))
    fs.writeFileSync(kind + "-private.jwk", JSON.stringify(key.export({format: "jwk"})))
    fs.writeFileSync(kind + "-public.jwk", JSON.stringify(crypto.createPublicKey(key).export({format: "jwk"})))
  }
  fs.writeFileSync("secret.jwk", JSON.stringify(crypto.createSecretKey(Buffer.from("not a key pair")).export({format: "jwk"})))'

python3 vectors.py
