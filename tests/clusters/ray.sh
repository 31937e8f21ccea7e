#!/bin/sh
# A Ray cluster of one node on this machine: `ray.sh start FOLDER`, `ray.sh stop FOLDER`; its address
# is 127.0.0.1:26379. Needs the extra `ray`.
set -eu

start() {
    # A busy machine takes longer to start a node than Ray waits for by itself.
    RAY_raylet_start_wait_time_s=120 ray start --head --node-ip-address=127.0.0.1 --port=26379 \
        --temp-dir="$1" --include-dashboard=false --disable-usage-stats > "$1/start.log"
}

stop() {
    ray stop --force > "$1/stop.log" 2>&1
}

"$1" "$2"
