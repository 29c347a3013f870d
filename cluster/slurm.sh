#!/usr/bin/env bash
# A search on a SLURM cluster:   sbatch cluster/slurm.sh tsynd --run /shared/folder/runs/first
# Submit from the root of this repository, which like its .venv (made by `make demo`) lies where all nodes see it.
# Ray runs on all nodes of the job and ends with it; the search runs on the first. Not yet run under SLURM itself, only with
# stand-ins for its commands.
#
# What it costs: --nodes whole nodes until the search ends, or --time does. Then `python -m search resume` goes on.

#SBATCH --job-name=robust-medical-search
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --exclusive
#SBATCH --gpus-per-node=1
#SBATCH --time=08:00:00

set -euo pipefail
export PATH="$PWD/.venv/bin:$PATH" PYTHONSAFEPATH=1

# Without the token nobody else on the cluster can use Ray's ports. The home folder is shared. Ray itself would write the
# token so that all users can read it.
export RAY_AUTH_MODE=token RAY_USAGE_STATS_ENABLED=0
(umask 077 && mkdir -p ~/.ray && chmod 700 ~/.ray && ray get-auth-token --generate > /dev/null)

hosts=$(scontrol show hostnames "$SLURM_JOB_NODELIST")
head=${hosts%%$'\n'*}  # not `| head -n 1`: it ends scontrol's pipe early, which pipefail takes for a failure
export RAY_SYMMETRIC_RUN_CLUSTER_WAIT_TIMEOUT=300

srun --nodes="$SLURM_JOB_NUM_NODES" --ntasks="$SLURM_JOB_NUM_NODES" --kill-on-bad-exit=1 \
    ray symmetric-run --address "$head:6379" --min-nodes "$SLURM_JOB_NUM_NODES" \
    --dashboard-host=127.0.0.1 -- python -m search "$@" --address auto
