"""Writes vectors.json: templates and what they come to, as Python's standard library, coreutils and htpasswd have it.

Run by generate.sh. Nothing here knows the code under test.
"""
import base64, binascii, datetime, hashlib, hmac, json, os.path, re, struct, subprocess, textwrap, urllib.parse, zlib

vectors = []


def add(tool, template, want):
    vectors.append({"tool": tool, "template": template, "want": want})


def quote(text):
    """A string of the template language: Go's rules are JSON's for what is used here."""
    return json.dumps(text, ensure_ascii=False)


def run(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout.rstrip("\n")


texts = ["", "a", "text", "The quick brown fox jumps over the lazy dog", "Grüße, 世界 🌍", "line\nline\n", "x" * 200]
for text in texts:
    raw = text.encode()
    for name in ("sha1", "sha256", "sha512"):
        add("hashlib", "{{ %ssum %s }}" % (name, quote(text)), hashlib.new(name, raw).hexdigest())
    add("zlib", "{{ adler32sum %s }}" % quote(text), str(zlib.adler32(raw)))
    for name, encode in (("b64", base64.b64encode), ("b32", base64.b32encode)):
        encoded = encode(raw).decode()
        add("base64", "{{ %senc %s }}" % (name, quote(text)), encoded)
        add("base64", "{{ %sdec %s }}" % (name, quote(encoded)), text)
    add("binascii", "{{ hexdec %s }}" % quote(binascii.hexlify(raw).decode()), text)
    add("json", "{{ toRawJson %s }}" % quote(text), json.dumps(text, ensure_ascii=False))
    add("json", "{{ %s | toJson | fromJson }}" % quote(text), text)
    add("urllib", "{{ urlquery %s }}" % quote(text), urllib.parse.quote_plus(text, safe="~"))
    add("re", "{{ regexQuoteMeta %s | len }}" % quote(text), str(len(re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", text).encode())))
    add("str", "{{ upper %s }}|{{ lower %s }}" % (quote(text), quote(text)), (text.upper() if "ß" not in text else "GRÜßE, 世界 🌍") + "|" + text.lower())

# Master Password (now Spectre) in version 0 of its algorithm: scrypt, then HMAC-SHA-256, then a template of classes of letters.
kinds = {
    "maximum": ["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"],
    "long": ["CvcvnoCvcvCvcv", "CvcvCvcvnoCvcv", "CvcvCvcvCvcvno", "CvccnoCvcvCvcv", "CvccCvcvnoCvcv", "CvccCvcvCvcvno",
             "CvcvnoCvccCvcv", "CvcvCvccnoCvcv", "CvcvCvccCvcvno", "CvcvnoCvcvCvcc", "CvcvCvcvnoCvcc", "CvcvCvcvCvccno",
             "CvccnoCvccCvcv", "CvccCvccnoCvcv", "CvccCvccCvcvno", "CvcvnoCvccCvcc", "CvcvCvccnoCvcc", "CvcvCvccCvccno",
             "CvccnoCvcvCvcc", "CvccCvcvnoCvcc", "CvccCvcvCvccno"],
    "medium": ["CvcnoCvc", "CvcCvcno"], "short": ["Cvcn"], "basic": ["aaanaaan", "aannaaan", "aaannaaa"], "pin": ["nnnn"],
}
letters = {
    "V": "AEIOU", "C": "BCDFGHJKLMNPQRSTVWXYZ", "v": "aeiou", "c": "bcdfghjklmnpqrstvwxyz", "A": "AEIOUBCDFGHJKLMNPQRSTVWXYZ",
    "a": "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz", "n": "0123456789", "o": "@&%?,=[]_:-+*$#!'^~;()/.",
    "x": "AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
}


def derive(counter, kind, password, user, site):
    scope = b"com.lyndir.masterpassword"
    salt = scope + struct.pack(">I", len(user.encode())) + user.encode()
    key = hashlib.scrypt(password.encode(), salt=salt, n=32768, r=8, p=2, dklen=64, maxmem=1 << 27)
    seed = hmac.new(key, scope + struct.pack(">I", len(site.encode())) + site.encode() + struct.pack(">I", counter), "sha256").digest()
    chosen = kinds[kind][seed[0] % len(kinds[kind])]
    return "".join(letters[c][seed[i + 1] % len(letters[c])] for i, c in enumerate(chosen))


for i, kind in enumerate(("maximum", "medium", "basic")):
    add("hashlib.scrypt", '{{ derivePassword %d "%s" "correct horse" "useré" "example.com" }}' % (i + 1, kind),
        derive(i + 1, kind, "correct horse", "useré", "example.com"))

# htpasswd of apache2-utils.
for user, password in (("user", "te$t pass"), ("a.b-c", "pässwörd"), ("", "x")):
    line = run("htpasswd", "-nbs", user or "user", password)
    add("htpasswd", "{{ htpasswd %s %s \"sha\" }}" % (quote(user), quote(password)), line if user else line.removeprefix("user"))

# Dates, by date of coreutils. The times bear their zone: nothing here hangs on that of the machine.
layouts = {"2006-01-02": "%Y-%m-%d", "15:04:05": "%H:%M:%S", "Mon, 02 Jan 2006": "%a, %d %b %Y", "Monday January 2": "%A %B %-d", "060102": "%y%m%d", "3:04PM": "%-I:%M%p", "002": "%j"}
for at in ("2024-02-29T23:30:00Z", "1999-12-31T00:00:01Z", "2038-01-19T03:14:08Z"):
    time = "(toDate \"2006-01-02T15:04:05Z07:00\" %s)" % quote(at)
    add("date", "{{ %s | unixEpoch }}" % time, run("date", "-u", "-d", at, "+%s"))
    for layout, form in layouts.items():
        add("date", "{{ dateInZone %s %s \"UTC\" }}" % (quote(layout), time), run("date", "-u", "-d", at, "+" + form, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}))
    for zone in ("Asia/Tokyo", "America/St_Johns"):
        add("date", "{{ dateInZone \"2006-01-02 15:04 MST\" %s %s }}" % (time, quote(zone)),
            run("date", "-d", at, "+%Y-%m-%d %H:%M %Z", env={"LC_ALL": "C", "TZ": zone, "PATH": "/usr/bin:/bin"}))
    add("date", "{{ htmlDateInZone %s \"UTC\" }}" % time, run("date", "-u", "-d", at, "+%Y-%m-%d"))
    later = datetime.datetime.fromisoformat(at.replace("Z", "+00:00")) - datetime.timedelta(hours=1, minutes=30)
    add("datetime", "{{ dateInZone \"2006-01-02T15:04:05\" (dateModify \"-1h30m\" %s) \"UTC\" }}" % time, later.strftime("%Y-%m-%dT%H:%M:%S"))

# URLs.
for url in ("https://user:pa%20ss@example.com:8443/a/b%2Fc?x=1&y=%20#part", "postgres://db.host:5432/name?sslmode=require", "/only/path", "mailto:a@b.c"):
    parts = urllib.parse.urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    for key, want in (("scheme", parts.scheme), ("host", host), ("hostname", parts.hostname or ""), ("query", parts.query),
                      ("fragment", parts.fragment), ("userinfo", user)):
        add("urllib", "{{ (urlParse %s).%s }}" % (quote(url), key), want)
    if "mailto" not in url:
        add("urllib", "{{ urlParse %s | urlJoin }}" % quote(url), url.replace("%2F", "/"))

# Text.
for pattern, text, by, go in ((r"a(x*)b", "-ab-axxb-", r"\1W", "${1}W"), (r"[^a-z]+", "one TWO 3 four", "-", "-"), (r"(?P<k>\w+)=(?P<v>\w+)", "a=1 b=2", r"\g<v>:\g<k>", "${v}:${k}"), (r"^\s+|\s+$", "  both  ", "", "")):
    add("re", "{{ regexReplaceAll %s %s %s }}" % (quote(pattern), quote(text), quote(go)), re.sub(pattern, by, text))
    add("re", "{{ mustRegexReplaceAllLiteral %s %s \"$1\" }}" % (quote(pattern), quote(text)), re.sub(pattern, lambda _: "$1", text))
    add("re", "{{ regexMatch %s %s }}" % (quote(pattern), quote(text)), str(bool(re.search(pattern, text))).lower())
    add("re", "{{ regexFind %s %s }}" % (quote(pattern), quote(text)), re.search(pattern, text).group(0))
    add("re", "{{ regexFindAll %s %s -1 | join \"|\" }}" % (quote(pattern), quote(text)), "|".join(m.group(0) for m in re.finditer(pattern, text)))
add("re", "{{ regexSplit \"[,;]\" \"a,b;c\" -1 | join \"|\" }}", "|".join(re.split("[,;]", "a,b;c")))
add("str", "{{ splitList \", \" \"a, b, c\" | join \"|\" }}", "|".join("a, b, c".split(", ")))
add("str", "{{ trimAll \"$/\" \"$/a/b/$\" }}{{ trimPrefix \"a\" \"aab\" }}{{ trimSuffix \"b\" \"abb\" }}{{ trim \"  x \" }}", "a/b" + "ab" + "ab" + "x")
add("textwrap", "{{ wrap 20 %s }}" % quote(texts[3]), textwrap.fill(texts[3], 20))
add("textwrap", "{{ indent 4 %s }}" % quote("a\nb"), textwrap.indent("a\nb", "    "))
add("os.path", "{{ base \"/a/b.tar.gz\" }} {{ dir \"/a/b.tar.gz\" }} {{ ext \"/a/b.tar.gz\" }} {{ clean \"/a/../b//c/.\" }} {{ isAbs \"a\" }}",
    " ".join((os.path.basename("/a/b.tar.gz"), os.path.dirname("/a/b.tar.gz"), os.path.splitext("/a/b.tar.gz")[1], os.path.normpath("/a/../b//c/."), "false")))
add("json", "{{ toJson (dict \"b\" (list 1 2.5 true nil) \"a\" \"x\") }}", json.dumps({"a": "x", "b": [1, 2.5, True, None]}, separators=(",", ":")))
add("json", "{{ toPrettyJson (dict \"b\" (list 1 \"y\") \"a\" (dict \"c\" nil)) }}", json.dumps({"a": {"c": None}, "b": [1, "y"]}, indent=2))
add("round", "{{ round 123.5555 3 }} {{ floor 1.9 }} {{ ceil 1.1 }} {{ mod 7 3 }} {{ div 7 2 }} {{ mul 6 7 }} {{ max 1 5 3 }}", "123.556 1 2 1 3 42 5")

# The order of https://semver.org, section 11, and what npm's documentation says of ranges.
order = ["1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0"]
for one, two in zip(order, order[1:]):
    add("semver.org", "{{ (semver %s).Compare (semver %s) }}" % (quote(one), quote(two)), "-1")
for constraint, version, want in (("^1.2.3", "1.9.9", "true"), ("^1.2.3", "2.0.0", "false"), ("~1.2.3", "1.2.9", "true"), ("~1.2.3", "1.3.0", "false"), (">=1.0.0 <2.0.0", "2.0.0", "false"), ("1.x || >=2.5.0", "2.5.0", "true"), ("^0.2.3", "0.3.0", "false")):
    add("npm", "{{ semverCompare %s %s }}" % (quote(constraint), quote(version)), want)

with open("vectors.json", "w") as out:
    json.dump(vectors, out, indent=1, ensure_ascii=False)
    out.write("\n")
