#!/usr/bin/env bash
# Sweeps and extraction as job arrays on a real Slurm: Debian's slurm-wlm on this one machine, with its daemons on ports
# and in a folder of their own. Needs root and apt; says so and ends well where they are missing.
# Use: .ci/slurm.sh FOLDER [DIST]
set -euo pipefail
cd "$(dirname "$0")/.."
folder=${1:?give a folder to work in}
dist=${2:-dist}

skip() {
  echo "skipped: $1"
  exit 0
}
[ "$(id -u)" -eq 0 ] || skip "Slurm's daemons need root"
if ! command -v slurmctld > /dev/null || ! command -v slurmd > /dev/null || ! command -v munged > /dev/null; then
  command -v apt-get > /dev/null || skip "no apt to get Slurm with"
  { apt-get update --quiet && DEBIAN_FRONTEND=noninteractive apt-get install --quiet --yes --no-install-recommends slurm-wlm munge; } > /dev/null 2>&1 \
    || skip "apt has no slurm-wlm here"
fi

# Short: names of sockets may have 107 characters.
place=$(mktemp -d /tmp/fabula-slurm-XXXXXX)
mkdir "$place/state" "$place/spool"
stop() {
  for daemon in slurmd slurmctld munged; do
    if [ -f "$place/$daemon.pid" ]; then kill "$(cat "$place/$daemon.pid")" 2> /dev/null || true; fi
  done
  for _ in $(seq 100); do
    alive=
    for daemon in slurmd slurmctld munged; do
      if [ -f "$place/$daemon.pid" ] && kill -0 "$(cat "$place/$daemon.pid")" 2> /dev/null; then alive=1; fi
    done
    [ -n "$alive" ] || break
    sleep 0.1
  done
  rm -rf "$place"
}
trap stop EXIT

host=$(hostname -s)
port=$((20000 + RANDOM % 20000))
cat > "$place/slurm.conf" <<CONF
ClusterName=fabula
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$place/munge.socket
StateSaveLocation=$place/state
SlurmdSpoolDir=$place/spool
SlurmctldPidFile=$place/slurmctld.pid
SlurmdPidFile=$place/slurmd.pid
SlurmctldLogFile=$place/slurmctld.log
SlurmdLogFile=$place/slurmd.log
SlurmctldPort=$port
SlurmdPort=$((port + 1))
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
# Small, so that arrays must be split.
MaxArraySize=4
KillWait=20
SchedulerParameters=sched_interval=1,batch_sched_delay=1,bf_interval=1
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$place/slurm.conf

(umask 077 && head -c 1024 /dev/urandom > "$place/munge.key")
chmod 711 "$place"
munged --force --socket="$place/munge.socket" --key-file="$place/munge.key" --log-file="$place/munged.log" --pid-file="$place/munged.pid" --seed-file="$place/munge.seed"
slurmctld
slurmd
for _ in $(seq 100); do
  if sinfo --noheader --format=%T 2> /dev/null | grep -q '^idle$'; then break; fi
  sleep 0.1
done
sinfo --noheader --format=%T | grep -q '^idle$' || { tail -n 20 "$place"/*.log; echo "Slurm did not start"; exit 1; }

node .ci/node/slurm_case.mjs "$folder" "$dist"
