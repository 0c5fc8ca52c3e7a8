#!/usr/bin/env bash
# Makes the certificates of the tests anew: an authority, a server on this machine, a client (also with
# a certificate that has expired), a stranger's client, and servers that vouch for themselves, before and after their
# time.
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

untimely() { # name, first day, last day
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=Test broker' -keyout "$1.key" -out "$1.csr"
  touch index.txt && echo 01 > serial.txt
  openssl ca -batch -selfsign -notext -md sha256 -policy any -name own -startdate "${2}000000Z" -enddate "${3}000000Z" \
    -keyfile "$1.key" -in "$1.csr" -out "$1.crt" -extfile <(echo 'subjectAltName=DNS:localhost,IP:127.0.0.1') \
    -config <(printf '[own]\ndatabase=index.txt\nnew_certs_dir=.\nserial=serial.txt\n[any]\ncommonName=supplied\n')
  rm -f "$1.csr" index.txt* serial.txt* ./*.pem
}

own ca '/CN=Test authority'
sign server '/CN=Test broker' 'subjectAltName=DNS:localhost,IP:127.0.0.1'
sign client '/CN=Test gateway' 'extendedKeyUsage=clientAuth'
days=-1 sign expired '/CN=Test gateway' 'extendedKeyUsage=clientAuth'
own stranger '/CN=Stranger'
untimely outdated 20200101 20200201
untimely early 20990101 21260101
rm ca.key ca.srl
