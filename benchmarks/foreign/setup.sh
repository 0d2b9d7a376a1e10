#!/usr/bin/env bash
# The environment of the foreign benchmarks: one for the simulators, lerobot and our learner.
#   bash benchmarks/foreign/setup.sh FOLDER
# requirements.txt is the whole environment, so nothing is resolved: lerobot 0.4.4 (the newest for Python 3.11)
# asks for torch < 2.11, torchvision and others that have no CPU build here; its SAC runs without them.
# torch must come from an index with its CPU build (PIP_FIND_LINKS or PIP_EXTRA_INDEX_URL).
set -euo pipefail
folder=${1:?usage: setup.sh FOLDER}
here=$(cd "$(dirname "$0")" && pwd)
python3.11 -m venv "$folder"
"$folder/bin/pip" install --quiet --no-deps --requirement "$here/requirements.txt"
cd "$here/../.."
PYTHONPATH=$PWD "$folder/bin/python" -c "
import benchmarks.foreign.nudge_learner
from benchmarks.peers import torchvision_stub
torchvision_stub.install()
import benchmarks.foreign.lerobot_learner
from benchmarks.foreign.tasks import FOREIGN_TASKS
for name in FOREIGN_TASKS:
    env = FOREIGN_TASKS.load(name).make()
    print(name, 'state', env.state_size, 'action', env.action_size)
    env.close()
"
