#!/usr/bin/env bash
# Makes the server's certificate, its key, and the certificate of the authority that signed it, in ./certificates, where
# the kustomization takes them from. The authority's key is thrown away: the next run makes a new authority.
#
# The authority of the run before stays trusted, so that a certificate can be replaced under a running server.
#
# usage: make-cert.sh [DAYS]     how long the certificate is valid, 365 days unless said otherwise
set -o errexit -o nounset -o pipefail

days=${1:-365}
service=external-secrets-apiserver.external-secrets
cd "$(dirname "${BASH_SOURCE[0]}")"
umask 077

work=$(mktemp -d)
trap 'rm -rf "${work}"' EXIT

openssl ecparam -name prime256v1 -genkey -noout -out "${work}/ca.key"
openssl req -x509 -new -key "${work}/ca.key" -sha256 -days "${days}" \
  -subj "/CN=${service} authority $(openssl rand -hex 4)" \
  -addext "basicConstraints=critical,CA:TRUE,pathlen:0" \
  -addext "keyUsage=critical,keyCertSign" \
  -out "${work}/ca.crt"

openssl ecparam -name prime256v1 -genkey -noout -out "${work}/tls.key"
openssl req -new -key "${work}/tls.key" -subj "/CN=${service}.svc" -out "${work}/tls.csr"
cat >"${work}/extensions" <<EOF
basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=DNS:${service}.svc,DNS:${service}.svc.cluster.local
EOF
openssl x509 -req -in "${work}/tls.csr" -CA "${work}/ca.crt" -CAkey "${work}/ca.key" -set_serial "0x$(openssl rand -hex 16)" \
  -sha256 -days "${days}" -extfile "${work}/extensions" -out "${work}/tls.crt"

mkdir -p certificates
if [[ -f certificates/ca.crt ]]; then
  openssl x509 -in certificates/ca.crt >>"${work}/ca.crt"
fi
mv "${work}/ca.crt" "${work}/tls.crt" "${work}/tls.key" certificates/
