#!/usr/bin/env python3
"""Verifies an evidence bundle without the program that made it. Needs Python 3.9 and `cryptography`.

    verify.py <directory or .tar.zst> --key <vkey or file> [--receipt note] [--anchor note]

Prints a report. Exit: 0 intact, documented gaps included; 2 broken; 3 inconclusive; 64 usage. Formats: see
audit-format.md. The whole bundle is read into memory: one from a stranger belongs in a sandbox.
"""
import argparse, base64, hashlib, io, json, os, re, subprocess, sys, tarfile
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
PATHS = re.compile(r"checkpoint|log\.vkey|anchors/[a-z0-9-]{1,64}\.note|disclosures\.ndjson|manifest\.(json|note)"
                   r"|tile/([0-7]|entries)/(x\d{3}/)*\d{3}(\.p/\d{1,3})?|report\.(html|json)|VERIFY\.md|verify\.py")
CLOSE = b"\x5a\x2a\x4d\x18\x20\0\0\0"  # a skippable frame of Zstandard, for the hash of what is before it
class Inconclusive(Exception): "A reason."
class Broken(Exception): "Damage, first bad entry, reason."

def altered(reason): return Broken("CONTENT_ALTERED", None, reason)
def sha(data): return hashlib.sha256(data).digest()
def leaf(raw): return sha(b"\0" + raw)
def node(left, right): return sha(b"\1" + left + right)
def b64(text):
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() == text: return data
    raise ValueError("base64 in another spelling")
def canonical(data):
    value = json.loads(data.decode())
    if json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() == data: return value
    raise ValueError("not canonical JSON")
class Key:
    def __init__(self, text):
        self.name, self.id, data = text.split("+", 2)
        self.kind, self.public = b64(data)[0], b64(data)[1:]
        if sha(self.name.encode() + b"\n" + b64(data)).hex()[:8] != self.id: raise ValueError("not a verifier key")

def read_note(data):
    """The text of a signed note, and its signatures as (name, key id, bytes)."""
    text, _, lines = data.decode().rpartition("\n\n")
    if re.search(r"[\x00-\x09\x0b-\x1f]", data.decode()): raise ValueError("a note with control characters")
    if not re.fullmatch(r"(\u2014 [^ \n]+ [A-Za-z0-9+/=]{8,}\n)+", lines): raise ValueError("malformed signatures")
    signatures = [(name, b64(text)) for _, name, text in (line.split(" ") for line in lines[:-1].split("\n"))]
    return text + "\n", [(name, data[:4].hex(), data[4:]) for name, data in signatures]

def signers(note, keys, name, terms=(), count=0):
    """The log's keys of this name that signed while in force, by `terms`. A wrong signature of a known key condemns it."""
    found = []
    for key, signature in ((k, s[2]) for k in keys for s in note[1] if s[:2] == (k.name, k.id)):
        message = note[0]
        if key.kind == 4:  # a cosignature: 8 bytes of time first
            message = f"cosignature/v1\ntime {int.from_bytes(signature[:8], 'big')}\n{message}"
            signature = signature[8:]
        try: Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message.encode())
        except InvalidSignature: raise altered(f"the signature of {key.name} does not hold")
        if (key.kind, key.name) == (1, name) and all(a < count <= b for a, k, b in terms if k.id == key.id): found += [key]
    return found

def read_checkpoint(data):
    note = read_note(data)
    origin, size, root = note[0].split("\n")[:3]
    if str(int(size)) != size: raise ValueError("a malformed checkpoint")
    return note, origin, int(size), b64(root)

def tree_root(parts):
    """The root over complete subtrees, given from left to right as (height, hash)."""
    stack = []
    for height, digest in parts:
        while stack and stack[-1][0] == height:
            height, digest = height + 1, node(stack.pop()[1], digest)
        stack.append((height, digest))
    digest = stack.pop()[1] if stack else sha(b"")
    while stack: digest = node(stack.pop()[1], digest)
    return digest

def tile_path(level, index, width):
    path, index = f"{index % 1000:03}", index // 1000
    while index: path, index = f"x{index % 1000:03}/{path}", index // 1000
    return f"tile/{level}/{path}" + (f".p/{width}" if width < 256 else "")

class Log:
    """Entries and hashes, checked against each other: `leaves` by number, `entries` those that are there."""
    def __init__(self, files, origin, size):
        self.size, self.entries, self.leaves, self.tiles, self.last_ts = size, {}, [], [], ""
        self.tenant = origin.split("/t/")[1][:36] if "/t/" in origin else "00000000-0000-0000-0000-000000000000"
        for start in range(0, size, 256): self.tile(files, start, min(256, size - start))

    def tile(self, files, start, width):
        path = tile_path(0, start // 256, width)
        cut = max((w for w in range(width) if tile_path(0, start // 256, w) in files), default=0)
        if path not in files: raise Broken("ENTRY_MISSING", start + cut, f"{path} is missing")
        recorded = [files[path][at:at + 32] for at in range(0, width * 32, 32)]
        if len(files[path]) != width * 32: raise Broken("CONTENT_ALTERED", start, f"{path} has the wrong length")
        data, raws = files.get(tile_path("entries", start // 256, width), b""), []
        while data:  # two bytes of length, and the entry
            end = 2 + int.from_bytes(data[:2], "big")
            raws, data = raws + [data[2:end]], data[end:]
        for seq, raw in enumerate(raws, start):
            self.entry(seq, raw, recorded[seq - start] if seq - start < width else None)
            self.leaves.append(leaf(raw))
        if raws and len(raws) < width: raise Broken("ENTRY_MISSING", start + len(raws), "too few entries in a tile")
        if not raws: self.leaves += recorded
        if width == 256: self.tiles.append(tree_root((0, digest) for digest in self.leaves[start:]))

    def entry(self, seq, raw, recorded):
        try:
            entry, before = canonical(raw), self.leaves[seq - 1] if seq else bytes(32)
            claimed, follows, ts = entry["seq"], bytes.fromhex(entry["prev"]) == before, entry["ts"]
        except (ValueError, TypeError) as error:
            raise Broken("CONTENT_ALTERED", seq, f"the bytes are not an entry: {error}")
        if claimed != seq and not follows:
            raise Broken("ENTRY_INSERTED" if claimed < seq else "ENTRY_MISSING", seq, f"here is entry {claimed}")
        found = (leaf(raw), claimed, entry["tenant"], entry["action"] == "audit.genesis")
        if found != (recorded, seq, self.tenant, seq == 0) or ts < self.last_ts:
            raise Broken("CONTENT_ALTERED", seq, "the bytes are not those that were sealed")
        if not follows: raise Broken("LINK_BROKEN", seq, "the entry does not follow the entry before it")
        self.entries[seq], self.last_ts = entry, ts

    def root(self, size):
        parts = [(8, tile) for tile in self.tiles[:size // 256]] + [(0, d) for d in self.leaves[size // 256 * 256:size]]
        return tree_root(parts) if size <= self.size else None

    def permits(self):
        """What entries permit: redacted fields by entry, prunes of each kind; keys, from which entry to which."""
        redacted, prunes, keys, ended = {}, {"payload": [], "entries": []}, [], {}
        for seq, entry in self.entries.items():
            meta, action = entry["meta"], entry["action"] if entry["outcome"] == "success" else ""
            for item in meta["entries"] if action == "audit.redact" else []:
                if item["seq"] < seq: redacted.setdefault(item["seq"], set()).update(item["fields"])
            if action == "audit.prune" and meta["until"] <= seq and (meta["kind"] != "entries" or meta["until"] % 256 == 0):
                prunes[meta["kind"]].append((meta["until"], set(meta["held"])))
            if action in ("audit.key", "audit.genesis"): keys.append((seq, Key(meta["vkey"]), meta.get("key_no", 1)))
            if action == "audit.key.retired": ended.setdefault(meta["key_no"], seq)
        return redacted, prunes, [(seq, key, ended.get(number, float("inf"))) for seq, key, number in keys]

def disclosures(log, data, first, end, redacted, prunes):
    """Counts the entries with documented gaps, as [pruned, redacted]."""
    lines, counts = io.BytesIO(data), [0, 0]
    for seq in range(first, end):
        line = lines.readline()
        match = re.fullmatch(rb'\{"seq":(\d{1,16}),"d":\[((?:"[\w-]+"(?:,(?=")|(?=\])))*)\]\}\n', line)
        if not line or match and int(match[1]) > seq: raise Broken("DISCLOSURE_MISSING", seq, "there is no line for it")
        if not match or match[1].decode() != str(seq): raise Broken("DISCLOSURE_ALTERED", seq, "the line is malformed")
        missing, last = {digest: field for field, digest in log.entries[seq]["sd"].items()}, ""
        for text in re.findall(rb'"([\w-]+)"', match[2]):
            field = missing.pop(base64.urlsafe_b64encode(sha(text)).decode().rstrip("="), None)
            named = json.loads(base64.urlsafe_b64decode(text + b"==="))[1] if field else None
            if field is None or named != field or field <= last: raise Broken("DISCLOSURE_ALTERED", seq, "a text is another")
            last = field
        if missing and redacted.get(seq, set()) >= set(missing.values()): counts[1] += 1
        elif missing and any(seq < until and seq not in held for until, held in prunes): counts[0] += 1
        elif missing: raise Broken("DISCLOSURE_MISSING", seq, "a disclosure is gone, and no entry says why")
    if lines.read(1): raise Broken("DISCLOSURE_ALTERED", end, "lines beyond the range")
    return counts

def trusted(log, keys, checkpoints, introduced, origin):
    """Adds the keys below every checkpoint that is signed and has the tree's root, until nothing new is learnt."""
    keys, count = list(keys), -1
    while count != len(keys):
        count = len(keys)
        for note, _, size, root in checkpoints:
            if log.root(size) != root or not signers(note, keys, origin, introduced, size): continue
            keys += [key for seq, key, _ in introduced if seq < size and (key.name, key.kind) == (origin, 1)
                     and (key.name, key.id) not in [(k.name, k.id) for k in keys]]
    return keys

def verify(files, keys, receipt, anchor, report):
    if not files: raise Inconclusive("this is not a bundle")
    for name in {"checkpoint", "manifest.json", "manifest.note"} - set(files): raise altered(f"{name} is missing")
    checkpoint = note, origin, size, root = read_checkpoint(files["checkpoint"])
    manifest, seal = canonical(files["manifest.json"]), read_note(files["manifest.note"])
    name, digest = seal[0].split("/bundle\n")[0], sha(files["manifest.json"]).hex()
    if seal[0] != f"{name}/bundle\n{digest}\n": raise altered("manifest.note is of another manifest")
    actual = {path: (len(data), sha(data).hex()) for path, data in files.items() if not path.startswith("manifest.")}
    listed = {file["path"]: (file["len"], file["sha256"]) for file in manifest["files"]}
    if signers(seal, keys, name) and listed.get("checkpoint") != actual["checkpoint"]: raise altered("checkpoint is another")
    report.update(origin=origin, size=size, root=root.hex())
    log, first, end = Log(files, origin, size), manifest["first"], manifest["end"]
    expected = set(range(first, end)).union(*(range(n * 256, min(size, n * 256 + 256)) for n in manifest["extra"]))
    if gone := expected - set(log.entries): raise Broken("ENTRY_MISSING", min(gone), "it is in the manifest, and not there")
    if more := set(log.entries) - expected: raise Broken("ENTRY_INSERTED", min(more), "it is not in the manifest")
    redacted, prunes, introduced = log.permits()
    until = max((until for until, _ in prunes["entries"]), default=0)
    pruned = [first if manifest["scope"] == "whole" else 0, 0]
    if pruned[0] > until: raise Broken("ENTRY_MISSING", until, "entries are gone, and no entry says why")
    if manifest["disclosures"] == "all":
        if "disclosures.ndjson" not in files: raise Broken("DISCLOSURE_MISSING", first, "there are no disclosures")
        found = disclosures(log, files["disclosures.ndjson"], first, end, redacted, prunes["payload"])
        pruned = [pruned[0] + found[0], found[1]]
    anchors = [read_checkpoint(files[path]) for path in files if path.startswith("anchors/")]
    keys_given, keys = bool(keys), trusted(log, keys, anchors + [checkpoint], introduced, origin)
    by = lambda note, count: signers(note, keys, origin, introduced, count)
    signed, sealed = by(note, size), signers(seal, keys, name, introduced, size)
    good = max((a[2] for a in anchors if log.root(a[2]) == a[3] and by(a[0], a[2])), default=0)
    if log.root(size) != root: raise Broken("FORKED", good, "the entries do not have the root of the checkpoint")
    held = [read_checkpoint(data) for data in (receipt, anchor) if data]
    usable = [other for other in held if other[1] == origin and by(other[0], other[2])]
    for other, named, at, digest in [a for a in anchors if by(a[0], a[2])] + usable:
        if at > size: raise Broken("ROLLED_BACK", size, f"the log once had {at} entries")
        if (named, log.root(at)) != (origin, digest): raise Broken("FORKED", good, f"another log had {at} entries")
    if keys_given and bool(signed) != bool(sealed): raise altered("checkpoint and seal are not signed alike")
    genesis = log.entries[0]["meta"]["origin"] if 0 in log.entries else origin
    claims = [manifest[key] for key in ("format", "origin", "size", "root")] + [name, genesis]
    claims, own = claims + [a[1] for a in anchors], ["bundle/1", origin, size, root.hex()] + [origin] * (2 + len(anchors))
    if claims != own or any(log.root(a[2]) != a[3] for a in anchors): raise altered("this is of another log")
    differing = [path for path in sorted(listed.keys() | actual.keys()) if listed.get(path) != actual.get(path)]
    for path in differing: raise altered(f"{path} is not the file of the manifest")
    if keys_given and not signed: raise Inconclusive("no trusted key has signed the checkpoint")
    if len(usable) < len(held): raise Inconclusive("the receipt or anchor is of another log or key")
    rank = 0 if not keys_given else 1 if not held else 3 if anchor and held[-1][2] == size else 2
    verdict = "INTACT_WITH_DOCUMENTED_GAPS" if any(pruned) else "INTACT"
    report.update(verdict=verdict, assurance=f"A{rank}", pruned=pruned[0], redacted=pruned[1])

def load(path):
    if os.path.isdir(path):
        paths = (os.path.join(folder, name) for folder, _, names in os.walk(path) for name in names)
        found = [(os.path.relpath(p, path), None if os.path.islink(p) else open(p, "rb").read()) for p in paths]
    else:
        with open(path, "rb") as file: packed = file.read()
        if packed[:4] != b"\x28\xb5\x2f\xfd": raise Inconclusive("this is not a bundle")
        if packed[-39:-32] == CLOSE[1:] and packed[-40:] != CLOSE + sha(packed[:-40]):
            raise altered("the archive does not have the hash that closes it")
        tar = subprocess.run(["zstd", "-dcq"], input=packed, capture_output=True)
        if tar.returncode: raise altered("the archive cannot be unpacked")
        with tarfile.open(fileobj=io.BytesIO(tar.stdout), mode="r:") as tar:
            found = [(member.name, tar.extractfile(member).read() if member.isreg() else None) for member in tar]
    for name, data in found:
        if data is None or not PATHS.fullmatch(name): raise altered(f"{name!r} is no file of a bundle")
    if len(dict(found)) != len(found): raise altered("a file is there twice")
    return dict(found)

def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    for name in ("bundle", "--receipt", "--anchor"): parser.add_argument(name)
    parser.add_argument("--key", action="append", required=True, help="a verifier key, or a file of them")
    try:
        args = parser.parse_args()
        keys = [Key(key) for text in args.key for key in (open(text).read() if os.path.exists(text) else text).split()]
        held = [open(path, "rb").read() if path else None for path in (args.receipt, args.anchor)]
        for data in filter(None, held): read_checkpoint(data)
    except SystemExit as stop: sys.exit(64 if stop.code else 0)
    except (OSError, ValueError) as error: sys.exit(print(f"verify.py: {error}", file=sys.stderr) or 64)
    report = dict(verdict="INCONCLUSIVE", assurance="A0", damage=None, firstBadSeq=None, reason=None)
    try: verify(load(args.bundle), keys, *held, report)
    except Broken as broken: report.update(zip(("damage", "firstBadSeq", "reason"), broken.args), verdict="BROKEN")
    except (Inconclusive, OSError) as error: report["reason"] = str(error)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, tarfile.TarError) as error:
        report.update(verdict="BROKEN", damage="CONTENT_ALTERED", reason=f"malformed: {error}")
    print(json.dumps(report, indent=2))
    sys.exit({"BROKEN": 2, "INCONCLUSIVE": 3}.get(report["verdict"], 0))
main()
