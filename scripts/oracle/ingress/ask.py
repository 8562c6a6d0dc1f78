"""Asks a real ingress controller, in a network namespace, where each request of a case goes.

    ask.py --controller NAME [--out observed.json] [--conf FILE] CASEDIR...      (as root)

A case directory: cluster.yaml, requests.txt. Controllers are started by a command given in CONTROLLERS below or in the
environment (ASK_<NAME>, with {api} for the API server's URL); they must listen on 80 and 443 in the namespace.
A second namespace holds every address of 10.244.0.0/16 (endpoints) and 10.96.0.0/16 (cluster IPs), where an echo server
answers on every port that a slice or a Service names (TLS on 443, 8443, 9443). Client addresses 203.0.113.0/24,
198.51.100.0/24 and 192.0.2.0/24 are local to the first, for `from`.

requests.txt, one request a line (`#` comment):
    METHOD URL [from IP] [sni NAME|-] [host NAME] [header "K: V"]... [times N] => OUTCOME
    indented below it:  ~ controller[,controller]: OUTCOME      what that controller does otherwise
The URL is sent as written (no normalisation). OUTCOME, see README.md: NS/SVC:PORT [path P] [vhost H] [cert NS/SECRET|cert default]
| STATUS [to LOCATION] | closed | tls-refused | shares
"""
import argparse, json, os, re, shlex, signal, socket, ssl, subprocess, sys, time, collections
import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
API = "http://127.0.0.1:8001"
# How each controller is started; {api} is the address of the stand-in API server.
CONTROLLERS = {
    "nginx": os.environ.get("ASK_NGINX", ""),
    "traefik": os.environ.get("ASK_TRAEFIK", "traefik --providers.kubernetesingress.endpoint={api} --entrypoints.web.address=:80 --entrypoints.websecure.address=:443 --entrypoints.websecure.http.tls=true --log.level=INFO --providers.kubernetesingress.allowemptyservices=true --global.sendanonymoususage=false --global.checknewversion=false"),
    "traefik-strict": os.environ.get("ASK_TRAEFIK_STRICT", "traefik --providers.kubernetesingress.endpoint={api} --providers.kubernetesingress.strictprefixmatching=true --entrypoints.web.address=:80 --entrypoints.websecure.address=:443 --entrypoints.websecure.http.tls=true --log.level=INFO --providers.kubernetesingress.allowemptyservices=true --global.sendanonymoususage=false --global.checknewversion=false"),
    "traefik-nginx": os.environ.get("ASK_TRAEFIK_NGINX", "traefik --providers.kubernetesingressnginx.endpoint={api} --entrypoints.web.address=:80 --entrypoints.websecure.address=:443 --log.level=INFO --global.sendanonymoususage=false --global.checknewversion=false"),
    "haproxy": os.environ.get("ASK_HAPROXY", ""),
    "proto": os.environ.get("ASK_PROTO", ""),
    "f5": os.environ.get("ASK_F5", ""),
}

READY = {"nginx": "http://127.0.0.1:10246/is-dynamic-lb-initialized"}  # 200 once endpoints are known


def parse(path):
    out = []
    for n, line in enumerate(open(path, encoding="utf-8"), 1):
        line = line.rstrip("\n")
        if not line.strip() or line.lstrip().startswith("#") or line.lstrip().startswith("~"):
            continue
        if line[0].isspace():
            continue
        left, _, right = line.partition(" => ")
        w = shlex.split(left)
        r = {"line": n, "method": w[0], "url": w[1], "from": None, "sni": None, "host": None, "headers": [], "times": 1,
             "expect": right.split("  #")[0].strip(), "text": left}
        i = 2
        while i < len(w):
            if w[i] == "header":
                r["headers"].append(w[i + 1])
            elif w[i] == "times":
                r["times"] = int(w[i + 1])
            elif w[i] in ("from", "sni", "host"):
                r[w[i]] = w[i + 1]
            else:
                raise SystemExit(f"{path}:{n}: {w[i]}?")
            i += 2
        out.append(r)
    return out


def documents(path):
    for doc in yaml.load_all(open(path), Loader=yaml.SafeLoader):
        if doc:
            yield from (doc["items"] if doc.get("kind", "").endswith("List") and "items" in doc else [doc])


def endpoints(path):
    objs = list(documents(path))
    services = {(o["metadata"].get("namespace", "default"), o["metadata"]["name"]): o for o in objs if o["kind"] == "Service"}
    table, ports = {}, set()
    for o in objs:
        if o["kind"] == "Service":
            ports |= {p["port"] for p in o["spec"].get("ports") or [] if p.get("protocol", "TCP") == "TCP"}
        if o["kind"] != "EndpointSlice":
            continue
        ns = o["metadata"].get("namespace", "default")
        svc = o["metadata"].get("labels", {}).get("kubernetes.io/service-name")
        s = services.get((ns, svc))
        for p in o.get("ports") or []:
            number = p.get("port")
            if p.get("protocol", "TCP") == "TCP":
                ports.add(number)
            sp = next((x["port"] for x in (s or {}).get("spec", {}).get("ports", []) if x.get("name", "") == (p.get("name") or "")), "?")
            for e in o.get("endpoints") or []:
                for a in e["addresses"]:
                    table[(a, number)] = f"{ns}/{svc}:{sp}"
    return table, ports


def cn(der, cache={}):
    if der not in cache:
        t = subprocess.run(["openssl", "x509", "-inform", "der", "-noout", "-subject", "-nameopt", "multiline"], input=der, capture_output=True).stdout.decode()
        m = re.search(r"commonName\s*=\s*(.*)", t)
        name = m.group(1).strip() if m else "?"
        cache[der] = name.replace(".", "/", 1) if "O = test" in t.replace("organizationName          ", "O") or re.search(r"organizationName\s*= test", t) else "default"
    return cache[der]


def ask(r, table):
    m = re.match(r"(https?)://([^/?]*)(.*)$", r["url"])
    scheme, host, target = m.group(1), m.group(2), m.group(3) or "/"
    port = 443 if scheme == "https" else 80
    name = re.sub(r":\d+$", "", host)
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.settimeout(8)
    if r["from"]:
        s.bind((r["from"], 0))
    cert, data = "", b""
    try:
        s.connect(("127.0.0.1" if not r["from"] else "192.0.2.1", port))
        if scheme == "https":
            c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            c.check_hostname = False
            c.verify_mode = ssl.CERT_NONE
            sni = r["sni"] if r["sni"] is not None else name
            try:
                s = c.wrap_socket(s, server_hostname=None if sni in ("-", "") else sni)
            except (ssl.SSLError, ConnectionError):
                return "tls-refused"
            cert = " cert " + cn(s.getpeercert(binary_form=True))
        head = [f"{r['method']} {target} HTTP/1.1"]
        h = r["host"] if r["host"] is not None else host
        if h != "-":
            head.append("Host: " + h)
        head += ["Connection: close", "User-Agent: ask"] + r["headers"]
        s.sendall(("\r\n".join(head) + "\r\n\r\n").encode("utf-8"))
        while True:
            b = s.recv(65536)
            if not b:
                break
            data += b
            m = re.search(rb"(?i)\r\ncontent-length: *(\d+)", data.partition(b"\r\n\r\n")[0])
            if b"\r\n\r\n" in data and (data[9:10] in b"34" or m and len(data.partition(b"\r\n\r\n")[2]) >= int(m.group(1))):
                break
    except (ConnectionError, socket.timeout, OSError) as e:
        if b"\r\n\r\n" not in data:
            return f"closed ({type(e).__name__})" + cert
    finally:
        s.close()
    if not data:
        return "closed" + cert
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    status = lines[0].split(" ")[1]
    hd = {}
    for x in lines[1:]:
        k, _, v = x.partition(":")
        hd.setdefault(k.lower(), v.strip())
    if hd.get("x-echo"):
        e = json.loads(hd["x-echo"])
        where = table.get((e["addr"], e["port"]), f"?{e['addr']}:{e['port']}")
        out = where
        if e["target"].encode("latin-1", "replace") != target.encode("utf-8"):
            out += " path " + e["target"]
        if e["host"].lower() != h.lower():
            out += " vhost " + e["host"]
        if e["tls"]:
            out += " over-tls"
        if status != "200":
            out += " status " + status
        return out + cert
    if "location" in hd:
        return f"{status} to {hd['location']}" + cert
    return status + cert


def sh(c):
    subprocess.run(c, shell=True, check=True, stdout=subprocess.DEVNULL)


def stop(p):
    try:
        os.killpg(p.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    p.wait()


def start(cmd, log):
    return subprocess.Popen(cmd, stdout=open(log, "w"), stderr=subprocess.STDOUT, start_new_session=True)


def run(case, controller, wait, conf):
    table, ports = endpoints(case + "/cluster.yaml")
    reqs = parse(case + "/requests.txt")
    logs = f"/tmp/ask-{os.getpid()}"
    os.makedirs(logs, exist_ok=True)
    api = start([sys.executable, HERE + "/fakeapi.py", "--port", "8001", HERE + "/controller.yaml", case + "/cluster.yaml"], logs + "/api.log")
    echo = start(["unshare", "-n", "sh", "-c", "while ! ip link show veth1 >/dev/null 2>&1; do sleep 0.02; done; ip link set lo up; "
                  "ip addr add 10.255.255.2/30 dev veth1; ip link set veth1 up; ip route add default via 10.255.255.1; "
                  "ip route add local 10.244.0.0/16 dev lo; ip route add local 10.96.0.0/16 dev lo; "
                  f"exec {sys.executable} {HERE}/echo.py " + " ".join(str(p) for p in sorted(ports - {None}))], logs + "/echo.log")
    for _ in range(100):  # until it has its own namespace
        if os.readlink(f"/proc/{echo.pid}/ns/net") != os.readlink("/proc/self/ns/net"):
            break
        time.sleep(0.02)
    sh("ip link del veth0 2>/dev/null || true")
    sh(f"ip link add veth0 type veth peer name veth1 netns {echo.pid} && ip addr add 10.255.255.1/30 dev veth0 && ip link set veth0 up"
       " && ip route add 10.244.0.0/16 via 10.255.255.2 && ip route add 10.96.0.0/16 via 10.255.255.2")
    ctl = None
    try:
        for _ in range(400):
            try:
                socket.create_connection(("127.0.0.1", 8001), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        env = dict(os.environ, ASK_PID=str(os.getpid()), ASK_CASE=os.path.abspath(case), POD_NAMESPACE="ingress-nginx", POD_NAME="controller-0", POD_IP="192.0.2.1")
        if not CONTROLLERS[controller]:
            sys.exit(f"{controller}: name the command that starts it in ASK_{controller.upper()}")
        ctl = subprocess.Popen(shlex.split(CONTROLLERS[controller].format(api=API)), stdout=open(logs + "/ctl.log", "w"), stderr=subprocess.STDOUT, start_new_session=True, env=env)
        deadline = time.time() + float(os.environ.get("ASK_DEADLINE", "60"))
        up = False
        while time.time() < deadline and ctl.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", 80), 1).close()
                up = True
                break
            except OSError:
                time.sleep(0.1)
        if not up:
            print(open(logs + "/ctl.log").read()[-3000:], file=sys.stderr)
            return [{"request": r["text"], "expect": r["expect"], "got": "controller did not come up"} for r in reqs]
        if controller in READY:
            import urllib.request
            while time.time() < deadline:
                try:
                    if urllib.request.urlopen(READY[controller], timeout=2).status == 200:
                        break
                except OSError:
                    pass
                time.sleep(0.1)
        time.sleep(wait)
        # settle: the first request's answer must be the same twice, half a second apart
        prev = None
        for _ in range(12):
            now = [ask(r, table) for r in reqs[:3]]
            if now == prev and not any(x.startswith(("closed", "502")) for x in now):
                break
            prev = now
            time.sleep(0.5)
        out = []
        for r in reqs:
            if r["times"] > 1:
                c = collections.Counter(ask(r, table) for _ in range(r["times"]))
                got = ", ".join(f"{100*v/r['times']:.0f}% {k}" for k, v in sorted(c.items()))
            else:
                got = ask(r, table)
            out.append({"request": r["text"], "expect": r["expect"], "got": got})
        if conf:
            subprocess.run(["sh", "-c", conf.replace("{case}", label(case).replace("/", ".")).replace("{log}", logs + "/ctl.log")])
        return out
    finally:
        for p in (ctl, echo, api):
            if p:
                stop(p)
        time.sleep(0.1)


def label(case):
    parts = os.path.abspath(case).split("/")
    return "/".join(parts[-2:]) if parts[-1] in ("before", "after") else parts[-1]


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--controller", default="nginx")
    p.add_argument("--wait", type=float, default=0.3)
    p.add_argument("--out")
    p.add_argument("--conf", help="shell command run after the requests of each case ({case}, {log})")
    p.add_argument("--inside", action="store_true")
    p.add_argument("cases", nargs="+")
    a = p.parse_args()
    if not a.inside:
        os.execvp("unshare", ["unshare", "-n", "-m", "--propagation", "private", sys.executable] + [sys.argv[0], "--inside"] + sys.argv[1:])
    sh("ip link set lo up")
    for net in ("192.0.2.0/24", "203.0.113.0/24", "198.51.100.0/24"):
        sh(f"ip route add local {net} dev lo")
    result = {}
    for case in a.cases:
        case = case.rstrip("/")
        t = time.time()
        rows = run(case, a.controller, a.wait, a.conf)
        result[label(case)] = rows
        print(f"== {label(case)} [{a.controller}] {time.time()-t:.1f}s", flush=True)
        for r in rows:
            mark = "  " if r["got"] == r["expect"] else "! "
            print(f"{mark}{r['request']} => {r['got']}" + ("" if mark == "  " else f"      (expected {r['expect']})"), flush=True)
    if a.out:
        json.dump(result, open(a.out, "w"), indent=1, ensure_ascii=False)


main()
