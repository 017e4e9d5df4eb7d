"""Models of earlier programs load for ever and make the rows that they made. Run by ctest: test_old_models.py build/meg

tests/data/models/make says how the files came about; cases.json beside it has the commands. exact.json has digests of
rows that are the same to the byte at every level of a processor that has fused multiply-add, with every compiler:
`test_old_models.py build/meg --write` writes it."""
import csv, hashlib, json, os, platform, subprocess, sys, tempfile, unittest
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

MEG = Path(sys.argv[1]).resolve()
MODELS = Path(__file__).resolve().parent / "data/models"
EXACT = MODELS / "exact.json"
LEVELS = {"x86_64": ["v3", "v4"], "aarch64": ["baseline"]}  # those with fused multiply-add

# Another order of the same float sums moves a number by about 1e-7 of its column's range. A value that lies there from
# the edge of a rounding step comes out as its neighbour, and one that lies there from the edge between two draws as
# another: then the row differs. Logits that are off by a millionth (`--temperature 1.000001`) move one row in a hundred of
# these by a unit of the last digit, and none by more. On the machine that wrote the files no row differs.
DIFFERENT_ROWS = 0.01
RELATIVE = 1e-5
NATS = 1e-4  # of a log-likelihood, a sum of a hundred floats


def read(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def as_date(cell):
    """The time of a cell, and the seconds of its smallest unit."""
    for form, unit in ("%Y-%m-%d %H:%M", 60), ("%d/%m/%Y", 86400):
        try:
            return datetime.strptime(cell, form), unit
        except ValueError:
            pass
    return None


def alike(ours, theirs, least):
    """Whether two cells are the same word, or numbers or dates that differ by rounding alone."""
    if ours == theirs:
        return True
    dates = as_date(ours), as_date(theirs)
    if all(dates):
        return abs((dates[0][0] - dates[1][0]).total_seconds()) <= dates[0][1]
    try:
        a, b = (Decimal(cell.lstrip("$").replace(",", "")) for cell in (ours, theirs))
    except InvalidOperation:
        return False
    if not (a.is_finite() and b.is_finite()):
        return False
    unit = max(Decimal(1).scaleb(x.as_tuple().exponent) for x in (a, b))
    return abs(a - b) <= max(unit, Decimal(RELATIVE) * abs(b), Decimal(least))


def format_version(model):
    """What the header of a model file, which is a safetensors file, says."""
    whole = model.read_bytes()
    size = int.from_bytes(whole[:8], "little")
    return json.loads(whole[8 : 8 + size])["__metadata__"]["format_version"]


def has(level):
    """Whether this machine and this meg have a level of the processor."""
    return subprocess.run([MEG, "version", "--verbose"], capture_output=True, env={**os.environ, "MEG_CPU": level}
                          ).returncode == 0


class OldModels(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.formats = sorted(MODELS.glob("format-*"))
        self.assertTrue(self.formats)

    def run_meg(self, *arguments, cwd=None, level=""):
        done = subprocess.run([MEG, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=300,
                              env={**os.environ, "MEG_CPU": level})
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_they_make_the_rows_that_they_made(self):
        for old in self.formats:
            for case in json.loads((MODELS / "cases.json").read_text()):
                out = self.folder / case["out"]
                with self.subTest(f"{old.name}/{out.name}"):
                    self.run_meg(*case["command"], "--out", out, cwd=old)
                    self.compare(read(out), read(old / out.name), NATS if case["command"][0] == "score" else 0)

    def test_rows_are_the_same_at_every_level(self):
        levels = [level for level in LEVELS.get(os.environ.get("MEG_MACHINE", platform.machine()), []) if has(level)]
        exact = json.loads(EXACT.read_text())
        for old in self.formats:
            for level in levels:
                with self.subTest(f"{old.name} at {level}"):
                    self.assertEqual(self.digests(old, level), exact[old.name])
        print(f"the same rows at {', '.join(levels) or 'no level that this machine has'}", flush=True)

    def digests(self, old, level):
        """Of the rows of every case; 2000 are generated."""
        out = {}
        for case in json.loads((MODELS / "cases.json").read_text()):
            command = list(case["command"])
            if command[0] == "score":  # sums of floats, in an order that follows the level
                continue
            if "--rows" in command:
                command[command.index("--rows") + 1] = 2000
            rows = self.folder / case["out"]
            self.run_meg(*command, "--out", rows, cwd=old, level=level)
            out[case["out"]] = hashlib.sha256(rows.read_bytes()).hexdigest()
        return out

    def compare(self, ours, theirs, least):
        self.assertEqual(ours[0], theirs[0])
        self.assertEqual(len(ours), len(theirs))
        different = [i for i in range(1, len(ours)) if len(ours[i]) != len(theirs[i]) or
                     not all(alike(a, b, least) for a, b in zip(ours[i], theirs[i]))]
        if different:
            print(f"\n{len(different)} of {len(ours) - 1} rows differ; row {different[0]} is\n  {ours[different[0]]}, was"
                  f"\n  {theirs[different[0]]}", flush=True)
        self.assertLessEqual(len(different), max(1, DIFFERENT_ROWS * (len(ours) - 1)))

    def test_stopped_runs_go_on(self):
        for old in self.formats:
            for stopped in sorted(old.glob("stopped*.meg")):
                with self.subTest(f"{old.name}/{stopped.name}"):
                    model, log = self.folder / "model.meg", self.folder / "log.jsonl"
                    self.run_meg("train", "measurements.csv", "--resume", stopped, "--log", log, "--out", model, cwd=old)
                    epochs = [json.loads(line).get("epoch") for line in log.read_text().splitlines()]
                    self.assertEqual(epochs[0], 3)  # it had two
                    self.run_meg("generate", model, "--rows", 10, "--out", self.folder / "rows.csv")

    def test_there_are_models_of_the_format_that_is_written(self):
        for old in self.formats:
            for model in old.glob("*.meg"):
                self.assertEqual(f"format-{format_version(model)}", old.name, model)
        model = self.folder / "model.meg"
        table = self.formats[-1] / "measurements.csv"
        self.run_meg("train", table, "--epochs", 1, "--no-refine", "--hidden", 4, "--out", model)
        self.assertEqual(f"format-{format_version(model)}", self.formats[-1].name)


if __name__ == "__main__":
    if "--write" in sys.argv:
        test = OldModels()
        test.setUp()
        EXACT.write_text(json.dumps({old.name: test.digests(old, "") for old in test.formats}, indent=1) + "\n")
        test.doCleanups()
        sys.exit()
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(OldModels)
    sys.exit(not unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful())
