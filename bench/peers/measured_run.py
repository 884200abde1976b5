"""Runs a command and says what it cost: time, processor time, and the memory of it and its children.

Usage: measured_run.py RESULT STDOUT STDERR COMMAND [ARGUMENT ...]. RESULT becomes a JSON object. The
kernel's own figure of the highest resident memory counts for the command itself; for a command with
children the sum over the tree is sampled, too, and the higher of the two is the answer.
"""

import json
import os
import sys
import threading
import time

SAMPLE_INTERVAL_S = 0.05


def resident_bytes(pid: int) -> int:
    """Resident memory of a process and all below it; what has ended counts nothing."""
    try:
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            total = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children", encoding="ascii") as file:
                total += sum(resident_bytes(int(child)) for child in file.read().split())
        return total
    except (OSError, IndexError):
        return 0


def main(result_path: str, stdout_path: str, stderr_path: str, command: list[str]) -> None:
    out = os.open(stdout_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    err = os.open(stderr_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    files = [(os.POSIX_SPAWN_DUP2, nothing, 0), (os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, err, 2)]
    start = time.perf_counter()
    pid = os.posix_spawnp(command[0], command, os.environ, file_actions=files)
    peak = 0
    ended = threading.Event()

    def sample() -> None:
        nonlocal peak
        while not ended.wait(SAMPLE_INTERVAL_S):
            peak = max(peak, resident_bytes(pid))

    sampler = threading.Thread(target=sample)
    sampler.start()
    _, status, usage = os.wait4(pid, 0)
    elapsed = time.perf_counter() - start
    ended.set()
    sampler.join()
    result = {
        "code": os.waitstatus_to_exitcode(status),
        "elapsedS": elapsed,
        "userS": usage.ru_utime,
        "systemS": usage.ru_stime,
        "peakBytes": max(peak, usage.ru_maxrss * 1024),
    }
    with open(result_path, "w", encoding="utf-8") as file:
        json.dump(result, file)


main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
