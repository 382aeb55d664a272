#!/bin/sh
# Makes ca.pem, an authority of its own for this run, and server.pem and server.key, a certificate signed by it, in the
# current folder: certificates.sh KIND NAMES, where KIND is good, wrong-name, unknown-ca, self-signed or chain.
certificate=$1 names=$2
new_key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
authority='basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n'
leaf="basicConstraints=CA:FALSE\nsubjectAltName=$names\nextendedKeyUsage=serverAuth\n"

root() { # name subject extensions
  printf '[req]\ndistinguished_name=d\n[d]\n[e]\n%b' "$3" >"$1.cnf"
  openssl req -new -x509 $new_key -keyout "$1.key" -subj "$2" -days 30 -config "$1.cnf" -extensions e -out "$1.pem"
}

request() { # name subject
  printf '[req]\ndistinguished_name=d\n[d]\n' >"$1.cnf"
  openssl req -new $new_key -keyout "$1.key" -subj "$2" -config "$1.cnf" -out "$1.csr"
}

sign() { # name extensions issuer
  printf '%b' "$2" >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA "$3.pem" -CAkey "$3.key" -days 30 -set_serial 1 -extfile "$1.ext" -out "$1.pem"
}

make_all() {
  root ca '/CN=jdvm emulator CA' "$authority" &
  if [ "$certificate" = self-signed ]; then
    root server /CN=localhost "$leaf"
    wait "$!"
    return
  fi
  request server /CN=localhost
  requested=$?
  wait "$!" && [ "$requested" -eq 0 ] || return 1
  case $certificate in
    unknown-ca) root elsewhere '/CN=another CA' "$authority" && sign server "$leaf" elsewhere ;;
    chain)
      request first '/CN=first intermediate CA' && sign first "$authority" ca &&
      request second '/CN=second intermediate CA' && sign second "$authority" first &&
      sign server "$leaf" second && cat second.pem first.pem >>server.pem ;;
    *) sign server "$leaf" ca ;;
  esac
}
make_all
