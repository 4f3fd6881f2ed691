#!/bin/bash
# Start JupyterLab on Base Command Platform, with a workspace that keeps files.
# Needs ORG, TEAM (with its leading slash, or empty) and USER.

# The workspace outlives the job. Create it the first time.
ngc workspace info "${USER}_containers" > /dev/null 2>&1 \
    || ngc workspace create --name "${USER}_containers" --ace "${ACE:-sa-nvex-scus-ace}"

# BCP asks for your login before it forwards the port, so Jupyter needs no token of its own.
ngc batch run \
    --name "interactive" \
    --org "${ORG}" \
    --team "${TEAM#/}" \
    --ace "${ACE:-sa-nvex-scus-ace}" \
    --instance "dgxa100.80g.1.norm" \
    --image "nvcr.io/nvidia/pytorch:24.03-py3" \
    --workspace "${USER}_containers:/mnt/workspace:RW" \
    --result /results \
    --port 8888 \
    --total-runtime 2h \
    --commandline "jupyter lab --ip=0.0.0.0 --port=8888 --allow-root --no-browser --NotebookApp.token='' --notebook-dir=/mnt/workspace"
