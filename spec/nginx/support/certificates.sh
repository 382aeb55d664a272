#!/bin/sh
# Makes the certificates of the TLS tests in the folder $1: a CA, and servers that it signed well or
# that have something wrong.
set -eu
cd "$1"

key() {
  openssl ecparam -name prime256v1 -genkey -noout -out "$1.key"
}

# authority NAME ISSUER: an intermediate CA
authority() {
  key "$1"
  openssl req -new -key "$1.key" -subj "/CN=jdvm test $1" -out "$1.csr"
  printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n' >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days 2 -extfile "$1.ext" -out "$1.pem"
}

# server NAME ISSUER SAN
server() {
  key "$1"
  openssl req -new -key "$1.key" -subj "/CN=$1" -out "$1.csr"
  printf 'subjectAltName=%s\n' "$3" >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days 2 -extfile "$1.ext" -out "$1.pem"
}

names=DNS:localhost,DNS:jdvm.test,IP:127.0.0.1
for ca in ca stranger; do
  key $ca
  openssl req -x509 -new -key $ca.key -subj "/CN=jdvm test $ca" -days 2 -out $ca.pem \
    -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign'
done
authority first ca
authority second first
server good ca $names
server wrong ca DNS:elsewhere.test
server unknown stranger $names
server deep second $names
cat deep.pem second.pem first.pem >deep-chain.pem
key self
openssl req -x509 -new -key self.key -subj /CN=localhost -days 2 -addext "subjectAltName=$names" -out self.pem
