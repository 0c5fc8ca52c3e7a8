#!/usr/bin/env bash
# Makes the certificates of the tests anew: an authority, a server on this machine, a client (also with
# a certificate that has expired), and a stranger's client.
set -euo pipefail
cd "$(dirname "$0")"
days=36500

sign() { # name, subject, extensions
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "$2" -keyout "$1.key" -out "$1.csr"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days $days -out "$1.crt" -extfile <(echo "$3")
  rm "$1.csr"
}

own() { # name, subject
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "$2" -days $days -keyout "$1.key" -out "$1.crt"
}

own ca '/CN=Test authority'
sign server '/CN=Test broker' 'subjectAltName=DNS:localhost,IP:127.0.0.1'
sign client '/CN=Test gateway' 'extendedKeyUsage=clientAuth'
days=-1 sign expired '/CN=Test gateway' 'extendedKeyUsage=clientAuth'
own stranger '/CN=Stranger'
rm ca.key ca.srl
