"""One process of a session: `python -m robot.run --run DIR --stage online --process actor`."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

from robot.core.errors import NudgeError
from robot.core.node import Node
from robot.core.registry import load
from robot.session import graph
from robot.session.config import load_config
from robot.session.evaluations import read_evaluation
from robot.session.job import Job, Stage
from robot.session.log_file import FORMAT
from robot.session.metrics import MetricsLog
from robot.session.rigs import is_twin
from robot.session.ros_graph import END_OF_REASON, GIVES_UP, USER_ERROR


def main() -> int:
    """Build the process's nodes, run them over ROS 2 until one is done or a signal comes."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # whatever the parent ignored
    logging.basicConfig(level=logging.INFO, format=FORMAT)
    for chatty in ("OpenGL", "jax"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    args = _arguments()
    try:
        job = _job(args)
        if args.process == "bc":
            load("robot.session.imitation:run_imitation")(job)
        else:
            _run(args.process, job)
    except NudgeError as error:
        logging.error("%s%s%s", GIVES_UP, error, END_OF_REASON)
        return USER_ERROR
    except KeyboardInterrupt:
        return 130
    return 0


def _job(args: argparse.Namespace) -> Job:
    job = Job(args.run, load_config(args.run / "config.json"), args.stage, args.worker)
    return replace(job, evaluation=read_evaluation(args.run, args.evaluation)) if args.evaluation else job


def _run(process: str, job: Job) -> None:
    load("robot.ros.environment:require_rclpy")()
    if process == "learner":
        os.nice(5)  # where cores are few the control loop comes first
    nodes = graph.build(process, job)
    host = load("robot.ros.host:RosHost")
    try:
        host(
            nodes,
            sim_time=is_twin(job.rig),
            clock_source=process == "cell" and is_twin(job.rig),
            wait_for=graph.wait_for(job),
            wait_timeout_s=60,
        ).run()
    finally:
        if process == "actor":
            _write_histograms(nodes[0], job)


def _write_histograms(actor: Node, job: Job) -> None:
    edges = load("policies.tick_times:EDGES_MS")
    metrics = MetricsLog(job.output_dir / "metrics.jsonl")
    for name in ("tick", "swap"):
        times = getattr(actor, f"{name}_times")
        if len(times) and job.stage == "online":
            metrics.write("histogram", name=name, edges_ms=edges, counts=times.counts())
    metrics.close()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m robot.run", description=__doc__)
    parser.add_argument("--run", type=Path, required=True, help="run folder with config.json")
    parser.add_argument("--stage", choices=get_args(Stage), required=True)
    names = f"{', '.join(graph.CONTROL)}, learner, bc or {graph.CAMERA}NAME"
    parser.add_argument("--process", metavar="NAME", required=True, help=names)
    parser.add_argument("--worker", type=int, default=0)
    parser.add_argument("--evaluation", help="a folder in RUN/eval, for `nudge eval`")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
