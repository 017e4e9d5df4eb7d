"""Tables as people have them: cells in every style, with words among them, are learned, and come out so. Run by ctest:
test_tables.py build/meg"""
import csv, datetime, json, random, re, subprocess, sys, tempfile, unittest
from pathlib import Path

MEG = Path(sys.argv[1]).resolve()
ROWS, MADE = 1200, 2000


def meg(*arguments):
    done = subprocess.run([MEG, *map(str, arguments)], capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return done


def ranks(numbers):
    order = sorted(range(len(numbers)), key=numbers.__getitem__)
    out = [0.0] * len(numbers)
    for rank, place in enumerate(order):
        out[place] = float(rank)
    return out


def rank_correlation(a, b):
    a, b = ranks(a), ranks(b)
    middle = (len(a) - 1) / 2
    return sum((x - middle) * (y - middle) for x, y in zip(a, b)) / sum((x - middle) ** 2 for x in a)


class Tables(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.path = Path(cls.folder.name)

    def learned(self, columns, *flags, epochs=60):
        """Rows of a model of this table, {name: cells}, and what training said."""
        names = list(columns)
        with open(self.path / "t.csv", "w", newline="") as file:
            out = csv.writer(file)
            out.writerow(names)
            out.writerows(zip(*columns.values()))
        said = meg("train", self.path / "t.csv", "--epochs", epochs, "--out", self.path / "m.meg", *flags).stderr
        made = self.path / "s.csv"
        meg("generate", self.path / "m.meg", "--rows", MADE, "--out", made)
        rows = list(csv.DictReader(open(made, newline="")))
        self.assertEqual(len(rows), MADE)
        return {name: [row[name] for row in rows] for name in names}, said

    def all_match(self, cells, pattern):
        for cell in cells:
            self.assertRegex(cell, f"^(?:{pattern})$")

    def follow(self, cells, number, others, least=0.9):
        """Numbers rise with those of the other column."""
        self.assertGreater(rank_correlation([number(c) for c in cells], [float(o) for o in others]), least)

    def test_words_among_numbers_and_dates(self):
        draw = random.Random(1)
        size = [draw.random() * 9 + 0.5 for _ in range(ROWS)]
        price = [f"{100 * s + draw.gauss(0, 5):.1f}" if draw.random() > 0.15 else ".." for s in size]
        lead = [f"{s / 3:.2f}" if s > 1.5 else "<0.5" for s in size]
        seen = [str(datetime.date(2018, 1, 1) + datetime.timedelta(int(100 * s + draw.random() * 50)))
                if draw.random() > 0.1 else "0000-00-00" for s in size]
        dumped = [f"{s * 7:.0f}" if draw.random() > 0.2 else r"\N" for s in size]
        made, _ = self.learned({"size": [f"{s:.2f}" for s in size], "price": price, "lead": lead, "last_seen": seen,
                                "dumped": dumped})
        self.all_match(made["price"], r"\.\.|-?\d+\.\d")
        self.all_match(made["lead"], r"<0\.5|\d\.\d\d")
        self.all_match(made["last_seen"], r"0000-00-00|20(18|19|20|21)-[01]\d-[0-3]\d")
        self.all_match(made["dumped"], r"\\N|\d+")
        for name, word, real in (("price", "..", price), ("lead", "<0.5", lead), ("last_seen", "0000-00-00", seen),
                                 ("dumped", r"\N", dumped)):
            self.assertAlmostEqual(made[name].count(word) / MADE, real.count(word) / ROWS, delta=0.05)
        # Words depend on the other columns, and the numbers beside them do.
        small = [float(s) < 1.5 for s in made["size"]]
        agree = sum(a == (b == "<0.5") for a, b in zip(small, made["lead"]))
        self.assertGreater(agree, 0.93 * MADE)
        there = [i for i in range(MADE) if made["price"][i] != ".."]
        self.follow([made["price"][i] for i in there], float, [made["size"][i] for i in there])

    def test_numbers_in_every_style(self):
        draw = random.Random(2)
        size = [draw.random() * 9 + 0.5 for _ in range(ROWS)]
        balance = [800 * (s - 4) + draw.gauss(0, 60) for s in size]

        def lakh(n):
            head, tail = divmod(int(n), 1000)
            if head == 0:
                return str(tail)
            text = f"{tail:03}"
            while head >= 100:
                head, part = divmod(head, 100)
                text = f"{part:02}," + text
            return f"{head}," + text

        columns = {
            "size": [f"{s:.2f}" for s in size],
            "lakh": [lakh(60000 * s * (1 + draw.random() / 9)) for s in size],
            "accounting": [f"{b:,.2f}" if b >= 0 else f"({-b:,.2f})" for b in balance],
            "behind": [f"{b / 30:.2f}" if b >= 0 else f"{-b / 30:.2f}-" for b in balance],
            "rupees": [f"Rs. {100 * s + draw.random() * 30:.2f}" for s in size],
            "minus": [f"{b / 500:.1f}".replace("-", "\u2212") for b in balance],
            "plus": [f"{b / 500:+.1f}" for b in balance],
            "no_zero": [f"{b / 4000:.3f}".replace("0.", ".") for b in balance],
            "exponent": [f"{10 ** (s - 6):.2E}" for s in size],
            "one_decimal": [draw.choice(["0.0", "1.5", "2.25", "3.0"]) for _ in size],
        }
        made, _ = self.learned(columns)
        self.all_match(made["lakh"], r"\d{1,3}|\d{1,2}(,\d\d)*,\d{3}")
        self.all_match(made["accounting"], r"\d{1,3}(,\d{3})*\.\d\d|\(\d{1,3}(,\d{3})*\.\d\d\)")
        self.all_match(made["behind"], r"\d+\.\d\d-?")
        self.all_match(made["rupees"], r"Rs\. \d+\.\d\d")
        self.all_match(made["minus"], "\u2212?\\d+\\.\\d")
        self.all_match(made["plus"], r"[+-]\d+\.\d|0\.0")
        self.all_match(made["no_zero"], r"-?\d?\.\d{3}")
        self.assertFalse(any(re.match(r"-?0\.", cell) for cell in made["no_zero"]))
        self.all_match(made["exponent"], r"\d\.\d\dE[+-]\d\d")
        self.assertEqual(set(made["one_decimal"]), {"0.0", "1.5", "2.25", "3.0"})

        def plain(cell):
            sign = -1 if "(" in cell or "-" in cell or "\u2212" in cell else 1
            return sign * float(re.sub(r"[^0-9.]", "", cell.replace("Rs. ", "")))

        for name in ("lakh", "accounting", "behind", "rupees", "minus", "plus", "no_zero"):
            self.follow(made[name], plain, made["size"])
        self.follow(made["exponent"], float, made["size"])

    def test_numbers_of_two_precisions(self):
        draw = random.Random(6)
        columns = {"kind": [draw.choice("abc") for _ in range(ROWS)]}
        # Positions of a gazetteer, and of a telephone: which it is follows from the kind.
        columns["latitude"] = [f"{51 + draw.random():.5f}" if k != "c" else f"{51 + draw.random():.14f}"
                               for k in columns["kind"]]
        made, _ = self.learned(columns)
        fine = [len(cell.split(".")[1]) > 5 for cell in made["latitude"]]
        self.all_match(made["latitude"], r"5[12]\.\d{1,14}")
        self.assertAlmostEqual(sum(fine) / MADE, 1 / 3, delta=0.06)
        self.assertGreater(sum(a == (k == "c") for a, k in zip(fine, made["kind"])), 0.93 * MADE)

    def test_dates_in_every_style(self):
        draw = random.Random(3)
        day = [draw.random() * 900 for _ in range(ROWS)]
        at = [datetime.datetime(2020, 1, 1) + datetime.timedelta(days=int(d), seconds=draw.randrange(86400)) for d in day]

        def twelve(t, half):
            return f"{t.hour % 12 or 12}:{t:%M}{half[t.hour >= 12]}"

        def offset(t):
            return "+02:00" if 95 < t.timetuple().tm_yday < 305 else "+01:00"

        span = [datetime.timedelta(seconds=int(200 * d + draw.random() * 9000)) for d in day]
        columns = {
            "day": [f"{d:.1f}" for d in day],
            "american": [f"{t.month}/{t.day}/{t:%y}" for t in at],
            "named": [f"{t:%d-%b-%y}" for t in at],
            "iso": [t.replace(microsecond=draw.choice([0, 0, 304328])).isoformat() for t in at],
            "offset": [f"{t:%Y-%m-%d %H:%M:%S}{offset(t)}" for t in at],
            "form": [f"{t:%Y/%m/%d} {twelve(t, (':%02d AM' % t.second, ':%02d PM' % t.second))} GMT+8" for t in at],
            "padded": [f"{t:%b} {t.day:2}, {t.year}" for t in at],
            "small": [twelve(t, ("am", "pm")) for t in at],
            "compact": [f"{t:%Y%m%d%H%M%S}" for t in at],
            "week": [f"{t:%G-W%V}" for t in at],
            "quarter": [f"{t.year}Q{(t.month + 2) // 3}" for t in at],
            "created_at": [str(int(t.replace(tzinfo=datetime.timezone.utc).timestamp())) for t in at],
            "span": [str(s) for s in span],
            "clock": [f"{int(s.total_seconds()) // 3600:02}:{int(s.total_seconds()) // 60 % 60:02}:"
                      f"{int(s.total_seconds()) % 60:02}" for s in span],
            "born": [f"{1930 + i * 7 % 80}{1 + i % 12:02}{1 + i % 28:02}" if i != 500 else "15550217"
                     for i in range(ROWS)],
        }
        made, said = self.learned(columns)
        self.assertNotIn("not learned", said)

        def number(name, form, fix=lambda cell: cell):
            return lambda cell: (datetime.datetime.strptime(fix(cell), form) - datetime.datetime(1970, 1, 1)).total_seconds()

        with_fraction = lambda cell: cell if "." in cell else cell + ".0"
        read = {
            "american": number("american", "%m/%d/%y"),
            "named": number("named", "%d-%b-%y"),
            "iso": number("iso", "%Y-%m-%dT%H:%M:%S.%f", with_fraction),
            "offset": number("offset", "%Y-%m-%d %H:%M:%S", lambda cell: cell[:19]),
            "form": number("form", "%Y/%m/%d %I:%M:%S %p GMT+8"),
            "padded": number("padded", "%b %d, %Y"),
            "compact": number("compact", "%Y%m%d%H%M%S"),
            "week": number("week", "%G-W%V-%u", lambda cell: cell + "-1"),
            "quarter": lambda cell: int(cell[:4]) * 4 + int(re.fullmatch(r"\d{4}Q([1-4])", cell)[1]),
            "created_at": int,
        }
        for name, of in read.items():
            self.follow(made[name], of, made["day"], 0.8 if name in ("week", "quarter") else 0.9)
        self.all_match(made["small"], r"(1[0-2]|[1-9]):[0-5]\d[ap]m")
        self.all_match(made["span"], r"(1 day, |[2-9] days, )?(1?\d|2[0-3]):[0-5]\d:[0-5]\d")
        self.all_match(made["clock"], r"\d{2,3}:[0-5]\d:[0-5]\d")
        self.assertGreater(max(int(cell.split(":")[0]) for cell in made["clock"]), 24)
        # The offset follows from the date, but in the gap between two days of the table.
        wrong = sum(cell[19:] != offset(datetime.datetime.fromisoformat(cell[:19])) for cell in made["offset"])
        self.assertLess(wrong, 0.02 * MADE)
        for cell in made["born"]:
            datetime.datetime.strptime(cell, "%Y%m%d")

    def test_codes_years_and_what_is_missing(self):
        draw = random.Random(4)
        rows = 300
        growth = [10 * 1.01 ** i for i in range(rows)]
        columns = {
            "year": [str(1700 + i) for i in range(rows)],
            "index": [f"{g + draw.random():.2f}" for g in growth],
            "version": [draw.choice(["3.8", "3.9", "3.10", "3.11", "3.12"]) for _ in range(rows)],
            "icd": [draw.choice(["038.9", "041.4", "250.0", "250.00", "401.9"]) for _ in range(rows)],
            "reading": [draw.choice(["-999", str(draw.randrange(20, 400))]) for _ in range(rows)],
        }
        made, _ = self.learned(columns, "--missing", "-999", epochs=100)
        self.assertEqual(set(made["version"]), set(columns["version"]))
        self.assertEqual(set(made["icd"]), set(columns["icd"]))
        self.follow(made["year"], int, made["index"])
        self.assertTrue(all(1700 <= int(y) < 2000 for y in made["year"]))
        schema = json.loads(meg("schema", self.path / "t.csv", "--missing", "-999", "--json", "-").stdout)
        types = {column["name"]: column["type"] for column in schema}
        self.assertEqual(types, {"year": "integer", "index": "decimal", "version": "categorical", "icd": "categorical",
                                 "reading": "integer"})
        self.assertEqual(schema[4]["missing"], columns["reading"].count("-999"))
        self.assertAlmostEqual(made["reading"].count("-999") / MADE, columns["reading"].count("-999") / rows, delta=0.08)
        # Rows to be filled have the word, too.
        meg("train", self.path / "t.csv", "--masks", "dynamic", "--missing", "-999", "--epochs", 2, "--drop", "year",
            "--out", self.path / "d.meg")
        meg("impute", self.path / "d.meg", self.path / "t.csv", "--out", self.path / "filled.csv")
        filled = list(csv.DictReader(open(self.path / "filled.csv", newline="")))
        self.assertFalse(any(row["reading"] == "-999" for row in filled))

    def test_what_is_not_learned_is_said_before_and_behind_and_measured(self):
        draw = random.Random(5)
        columns = {"n": [str(draw.randrange(50)) for _ in range(200)],
                   "mail": [f"user{i}@example.org" for i in range(200)],
                   "tags": [";".join(draw.sample("abcdefgh", 5)) for _ in range(200)]}
        made, said = self.learned(columns, epochs=2)
        self.assertIn("column 'mail' is not learned: it is an identifier (e-mail addresses, all of which differ)", said)
        self.assertIn("column 'tags' is not learned: it is", said)
        self.assertIn("lists with ;", said)
        self.assertIn("2 of 3 columns were not learned: 'mail', 'tags'", said)
        text = meg("evaluate", self.path / "t.csv", self.path / "s.csv", "--json", self.path / "e.json").stdout
        self.assertIn("2 of 3 columns are not learned", "\n".join(text.split("\n")[:4]))
        measured = json.loads((self.path / "e.json").read_text())
        self.assertGreater(measured["text_shape"], 0.8)
        self.assertEqual([column["name"] for column in measured["not_learned"]], ["mail", "tags"])
        with open(self.path / "bad.csv", "w", newline="") as file:
            out = csv.writer(file)
            out.writerow(columns)
            out.writerows((n, "x", "y") for n in columns["n"])
        meg("evaluate", self.path / "t.csv", self.path / "bad.csv", "--json", self.path / "e.json")
        self.assertLess(json.loads((self.path / "e.json").read_text())["text_shape"], 0.4)

    def test_cells_and_names_do_not_steer_the_terminal(self):
        path = self.path / "steer.csv"
        path.write_text("a,\x1b[31mred\u202e\n" + "".join(f"{i % 7},{'x' if i % 2 else chr(27) + ']0;x'}\n" for i in range(60)))
        shown = meg("schema", path).stdout
        self.assertIn(r"\x1b[31mred\u202e", shown)
        self.assertIn(r"\x1b]0;x", shown)
        meg("train", path, "--epochs", 1, "--out", self.path / "steer.meg", "--quiet")
        shown += meg("inspect", self.path / "steer.meg").stdout
        error = subprocess.run([MEG, "schema", path, "--drop", "\x1b[1m"], capture_output=True, text=True).stderr
        self.assertIn(r"'\x1b[1m'", error)
        self.assertFalse(set(shown + error) & {"\x1b", "\u202e"})

    def test_an_error_about_a_type_names_the_cell(self):
        (self.path / "share.csv").write_text("share,n\n" + "".join(f"{s},1\n" for s in ("80%", "33%", "<1%", "68%")))
        done = subprocess.run([MEG, "schema", self.path / "share.csv", "--numeric", "share"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 1)
        self.assertIn("'<1%' is no number", done.stderr)

    def test_stated_rules(self):
        draw = random.Random(8)
        day = lambda d: str(datetime.date(2024, 1, 1) + datetime.timedelta(d))
        pairs = [("Paris", "FR"), ("Lyon", "FR"), ("Bonn", "DE"), ("Berlin", "DE"), ("Rome", "IT")]
        begin = [draw.randrange(300) for _ in range(ROWS)]
        end = [b + draw.randrange(40) for b in begin]
        end[7] = begin[7] - 3  # one row breaks the order, one the sum
        net = [draw.randrange(1000, 90000) for _ in range(ROWS)]
        tax = [n * draw.choice((7, 19)) // 100 for n in net]
        gross = [n + t for n, t in zip(net, tax)]
        gross[8] += 5
        where = [draw.choice(pairs) for _ in range(ROWS)]
        age = [draw.randrange(80) for _ in range(ROWS)]
        columns = {"account": draw.sample(range(10**5, 10**6), ROWS), "begin": map(day, begin), "end": map(day, end),
                   "net": [f"{n / 100:.2f}" for n in net], "tax": [f"{t / 100:.2f}" for t in tax],
                   "gross": [f"{g / 100:.2f}" for g in gross], "city": [w[0] for w in where],
                   "land": [w[1] for w in where], "age": age,
                   "married": ["yes" if a >= 16 and draw.random() < 0.6 else "no" for a in age]}
        rules = ["end >= begin", "gross = net + tax", "unique(account)", "combination(city, land)",
                 "married requires age >= 16"]
        flags = [flag for rule in rules for flag in ("--rule", rule)]
        made, said = self.learned(columns, *flags, "--no-refine", epochs=8)
        self.assertIn("rule 'end >= begin': 1 of 1200 rows of the table break it, and are not learned from", said)
        self.assertIn("rule 'combination(city, land)': all 1200 rows of the table keep it", said)

        def broken(rows):
            cents = lambda name, i: round(100 * float(rows[name][i]))
            return [i for i in range(len(rows["end"]))
                    if rows["end"][i] < rows["begin"][i] or cents("gross", i) != cents("net", i) + cents("tax", i)
                    or (rows["city"][i], rows["land"][i]) not in pairs
                    or (rows["married"][i] == "yes" and int(rows["age"][i]) < 16)]
        self.assertEqual(broken(made), [])
        self.assertEqual(len(set(made["account"])), MADE)
        # The model keeps them; shards are the parts of the whole.
        model, table, shard, schema = (self.path / name for name in ("m.meg", "t.csv", "2.csv", "schema.json"))
        self.assertIn("rule     unique(account)", meg("inspect", model).stdout)
        self.assertEqual(json.loads(meg("inspect", model, "--json").stdout)["rules"], rules)
        meg("generate", model, "--rows", MADE, "--shard", "2/2", "--threads", 1, "--out", shard)
        self.assertEqual([row["age"] for row in csv.DictReader(open(shard, newline=""))], made["age"][MADE // 2:])
        # A schema file says them as well, and measures count who breaks them.
        said = meg("schema", table, *flags, "--json", schema).stderr
        self.assertIn("rule 'gross = net + tax': 1 of 1200 rows break it", said)
        self.assertEqual(json.loads(schema.read_text())["rules"], rules)
        measured = json.loads(meg("evaluate", table, self.path / "s.csv", "--quick", "--schema", schema, "--json", "-").stdout)
        stated = [rule for rule in measured["rules"] if rule.get("stated")]
        self.assertEqual([rule["synthetic_broken"] for rule in stated], [0] * 5)
        self.assertEqual([rule["real_broken"] for rule in stated], [1, 1, 0, 0, 0])
        wrong = subprocess.run([MEG, "train", table, "--rule", "end >= start", "--out", model], capture_output=True, text=True)
        self.assertNotEqual(wrong.returncode, 0)
        self.assertIn("rule 'end >= start', at character 8: there is no column 'start'; there are account, begin", wrong.stderr)


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(Tables)
    sys.exit(not unittest.TextTestRunner(verbosity=2).run(suite).wasSuccessful())
