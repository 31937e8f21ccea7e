#!/bin/sh
# A Slurm of one node on this machine: `slurm.sh start FOLDER` leaves FOLDER/slurm.conf, to which
# SLURM_CONF is set to use it; `slurm.sh stop FOLDER` ends it. Needs root and Debian's slurm-wlm and
# munge.
set -eu
folder=$2

configure() {
    mkdir -p "$folder/state" "$folder/spool"
    chmod 755 "$folder"
    (umask 077 && head -c 1024 /dev/urandom > "$folder/munge.key")
    node=$(hostname -s)
    cat > "$folder/slurm.conf" <<END
ClusterName=loopback
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=26817
SlurmdPort=26818
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CryptoType=crypto/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
JobCompType=jobcomp/none
AccountingStorageType=accounting_storage/none
NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=16000 State=UNKNOWN
PartitionName=here Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
}

start() {
    configure
    export SLURM_CONF="$folder/slurm.conf"
    munged --force --key-file="$folder/munge.key" --socket="$folder/munge.socket" \
        --pid-file="$folder/munged.pid" --log-file="$folder/munged.log" \
        --seed-file="$folder/munged.seed"
    slurmctld
    slurmd
    for _ in $(seq 100); do
        if sinfo --noheader --format=%T 2> /dev/null | grep -q idle; then exit 0; fi
        sleep 0.2
    done
    cat "$folder/slurmctld.log" "$folder/slurmd.log" >&2
    exit 1
}

# Wait up to 20 s until a command fails.
wait_while() {
    for _ in $(seq 100); do
        if "$@" 2> /dev/null; then sleep 0.2; else return 0; fi
    done
}

has_tasks() {
    test -n "$(squeue --noheader)"
}

stop() {
    export SLURM_CONF="$folder/slurm.conf"
    # Tasks would outlive slurmd.
    scancel --user="$(id -un)" || true
    wait_while has_tasks
    for name in slurmd slurmctld munged; do
        if [ -f "$folder/$name.pid" ]; then
            pid=$(cat "$folder/$name.pid")
            kill "$pid" || true
            wait_while kill -0 "$pid"
        fi
    done
}

"$1"
