"""SCTP for the traffic lab, which Node has no sockets for: one process for all hosts, told by lines of JSON on stdin,
each naming the process in whose network namespace to serve or call. Like agent.mjs, an answer is NAME PEER-ADDRESS."""
import ctypes
import errno
import json
import os
import socket
import sys
import threading

PROTOCOL = 132
NEW_NET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
OUTCOMES = {errno.ECONNREFUSED: "refused", errno.EPERM: "refused", errno.EHOSTUNREACH: "unreachable",
            errno.ENETUNREACH: "unreachable", errno.ETIMEDOUT: "timeout", errno.EINPROGRESS: "timeout",
            errno.EAGAIN: "timeout"}


def enter(pid):
    """The namespace of this thread only."""
    with open(f"/proc/{pid}/ns/net") as namespace:
        if libc.setns(namespace.fileno(), NEW_NET) != 0:
            raise OSError(ctypes.get_errno(), "setns")


def new_socket(host):
    return socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, PROTOCOL)


def serve(order, ready):
    enter(order["pid"])
    with new_socket("::") as listener:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(("::", order["port"]))
        listener.listen(128)
        ready(None)
        while True:
            peer, address = listener.accept()
            try:
                peer.sendall(f'{order["name"]} {address[0].removeprefix("::ffff:")}'.encode())
            except OSError:
                pass
            peer.close()


def call(order):
    enter(order["pid"])
    with new_socket(order["host"]) as caller:
        caller.settimeout(order["patience"] / 1000)
        try:
            if order.get("source"):
                caller.bind((order["source"], 0))
            caller.connect((order["host"], order["port"]))
            return caller.recv(4096).decode()
        except TimeoutError:
            return "timeout"
        except OSError as error:
            return OUTCOMES.get(error.errno, f"error {errno.errorcode.get(error.errno, error.errno)}")


def obey(order):
    def answer(outcome):
        print(json.dumps({"id": order["id"], "outcome": outcome}), flush=True)

    if order["verb"] == "serve":
        serve(order, answer)
    else:
        answer(call(order))


for line in sys.stdin:
    threading.Thread(target=obey, args=(json.loads(line),), daemon=True).start()
os._exit(0)
