"""Small Python programs that the tests profile. Each is written into a folder of the test."""

# About `seconds` of CPU time in spin(), then a line of output.
BUSY = """
import sys, time

def spin(seconds):
    end = time.process_time() + seconds
    total = 0
    while time.process_time() < end:
        for number in range(2000):
            total += number * number
    return total

def main():
    spin(float(sys.argv[1]) if len(sys.argv) > 1 else 0.6)
    print("done", *sys.argv[2:])

main()
"""

# Says that it runs by a line in FOLDER/runs, then works until FOLDER/go exists, and then long
# enough for some samples.
HELD = """
import os, sys

def work():
    return sum(number * number for number in range(20000))

def main(folder):
    with open(os.path.join(folder, "runs"), "a") as file:
        file.write("%d\\n" % os.getpid())
    while not os.path.exists(os.path.join(folder, "go")):
        work()
    for _ in range(300):
        work()
    print("let go")

main(sys.argv[1])
"""

# Ends only when it is stopped; its grandchild hides in a session of its own and ignores SIGTERM.
STUBBORN = """
import os, signal, subprocess, sys, time

CHILD = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
folder = sys.argv[1]
subprocess.Popen([sys.executable, "-c", CHILD], start_new_session=True)
with open(os.path.join(folder, "runs"), "a") as file:
    file.write("%d\\n" % os.getpid())
while True:
    sum(range(10000))
"""

# Two functions whose work is four to one, so that the order of the hot lines is certain.
RANKED = """
def light():
    total = 0
    for number in range(6000000):
        total += number
    return total

def heavy():
    total = 0
    for number in range(24000000):
        total += number
    return total

print(light() + heavy())
"""


def write(folder, name, text):
    """Writes a program and returns its path as text."""
    path = folder / name
    path.write_text(text)
    return str(path)


class Held:
    """A HELD program that is under way: when it started, and how to let it end."""

    def __init__(self, folder, text=HELD):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.script = write(folder, "held.py", text)

    def arguments(self, **more):
        return {
            "script_path": self.script,
            "script_args": [str(self.folder)],
            "memory": False,
            **more,
        }

    def runs(self):
        """Pids of the runs that there were."""
        try:
            return [int(line) for line in (self.folder / "runs").read_text().split()]
        except FileNotFoundError:
            return []

    def let_go(self):
        (self.folder / "go").touch()
