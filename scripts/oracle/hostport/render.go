package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"syscall"

	"github.com/containernetworking/cni/libcni"
)

func renderAll(args []string) error {
	flags := flag.NewFlagSet("render", flag.ExitOnError)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	portmap := flags.String("portmap", filepath.Join(filepath.Dir(self), "portmap"), "the plugin's binary")
	nftTools := flags.Bool("nft-tools", false, "iptables-nft instead of iptables-legacy (writes expected-nft-tools/)")
	_ = flags.Parse(args)

	bin, err := os.MkdirTemp("", "hostport-oracle")
	if err != nil {
		return err
	}
	defer os.RemoveAll(bin)
	tools, out := "/usr/sbin/xtables-legacy-multi", "expected"
	if *nftTools {
		tools, out = "/usr/sbin/xtables-nft-multi", "expected-nft-tools"
	}
	for name, target := range map[string]string{"portmap": *portmap, podIPPlugin: self, "iptables": tools, "ip6tables": tools,
		"iptables-save": tools, "ip6tables-save": tools, "iptables-restore": tools, "ip6tables-restore": tools} {
		if target, err = filepath.Abs(target); err != nil {
			return err
		}
		if err := os.Symlink(target, filepath.Join(bin, name)); err != nil {
			return err
		}
	}
	for _, dir := range flags.Args() {
		if _, err := os.Stat(filepath.Join(dir, "kube-proxy.yaml")); err == nil {
			continue // lab.py's
		}
		c := exec.Command(self, "inside", dir, bin, out)
		c.Stdout, c.Stderr = os.Stdout, os.Stderr
		c.Env = append(os.Environ(), "PATH="+bin+":/usr/sbin:/usr/bin:/sbin:/bin")
		c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS}
		if err := c.Run(); err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
	}
	return nil
}

func renderHere(dir, bin, outName string) error {
	// The lock of iptables and libcni's cache are this namespace's own.
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := syscall.Mount("tmpfs", "/run", "tmpfs", 0, ""); err != nil {
		return err
	}
	c, err := readCase(dir)
	if err != nil {
		return err
	}
	if err := makeHost(c); err != nil {
		return err
	}
	for _, tool := range []string{"iptables", "ip6tables"} {
		if text, err := os.ReadFile(filepath.Join(dir, "before", tool+".restore")); err == nil {
			if _, err := run(string(text), tool+"-restore", "--noflush"); err != nil {
				return err
			}
		}
	}
	all := c.mappings()
	tracked := trackConnections(c, all)
	before := kernelSettings()

	n := &network{cni: libcni.NewCNIConfigWithCacheDir([]string{bin}, "/run/cni", nil), name: c.Network, plugin: c.plugin,
		netns: fmt.Sprintf("/proc/%d/ns/net", os.Getppid())}
	failures := ""
	for _, m := range all {
		if err := n.add(m); err != nil {
			failures += m.Pod + ": " + strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), bin, "")), " ") + "\n"
		}
	}

	out := filepath.Join(dir, outName)
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	files := map[string]string{"error.txt": failures, "sysctl.conf": changedSettings(before), "conntrack.flushed": forgotten(tracked)}
	for _, tool := range []string{"iptables", "ip6tables"} {
		text, err := run("", tool+"-save")
		if err != nil {
			return err
		}
		files[tool+".save"] = canonical(text)
	}
	if outName == "expected" { // iptables-nft's own tables would be in it otherwise
		if files["nftables.ruleset"], err = run("", "nft", "-s", "list", "ruleset"); err != nil {
			return err
		}
	}
	mappings, _ := json.MarshalIndent(all, "", " ")
	files["mappings.json"] = string(mappings) + "\n"
	for name, text := range files {
		if text != "" {
			if err := os.WriteFile(filepath.Join(out, name), []byte(text), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

// addHere sets up every pod of the case in this namespace, as it is.
func addHere(dir, bin, netns string) error {
	c, err := readCase(dir)
	if err != nil {
		return err
	}
	cache, err := os.MkdirTemp("", "cni-cache")
	if err != nil {
		return err
	}
	defer os.RemoveAll(cache)
	n := &network{cni: libcni.NewCNIConfigWithCacheDir([]string{bin}, cache, nil), name: c.Network, plugin: c.plugin, netns: netns}
	for _, m := range c.mappings() {
		if err := n.add(m); err != nil {
			return fmt.Errorf("%s: %w", m.Pod, err)
		}
	}
	return nil
}

// makeHost: a bridge for the pods, as the plugins bridge and flannel make it, and the node's addresses.
func makeHost(c *hostPortCase) error {
	lines := "link set lo up\nlink add cni0 type bridge\nlink set cni0 up\nlink add uplink type veth peer name far\nlink set uplink up\nlink set far up\n"
	for _, a := range c.node.Status.Addresses {
		if ip := net.ParseIP(a.Address); ip != nil && ip.To4() != nil {
			lines += "addr add " + a.Address + "/24 dev uplink\n"
		} else if ip != nil {
			lines += "addr add " + a.Address + "/64 dev uplink nodad\n"
		}
	}
	for _, p := range c.pods {
		if c.hasSandbox(p) {
			for _, a := range c.addresses(p) {
				lines += "route replace " + a.IP.String() + " dev cni0\n"
			}
		}
	}
	_, err := run(lines, "ip", "-batch", "-")
	return err
}

// canonical: counters zero, comment lines gone, chains by name (the rules of each in their real order), tables
// that hold neither a rule nor a chain of anybody's gone. As in ../kube-proxy.
func canonical(saved string) string {
	text, table := "", ""
	var chains, rules []string
	for _, line := range strings.Split(saved, "\n") {
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '*':
			table, chains, rules = line, nil, nil
		case line[0] == ':':
			fields := strings.Fields(line)
			chains = append(chains, fields[0]+" "+fields[1]+" [0:0]")
		case line != "COMMIT":
			rules = append(rules, line)
		default:
			sort.Strings(chains)
			sort.SliceStable(rules, func(i, j int) bool { return strings.Fields(rules[i])[1] < strings.Fields(rules[j])[1] })
			if len(rules) > 0 || strings.Contains(strings.Join(chains, "\n"), " - ") {
				text += strings.Join(append(append([]string{table}, chains...), rules...), "\n") + "\nCOMMIT\n"
			}
		}
	}
	return text
}

func kernelSettings() map[string]string {
	settings := map[string]string{}
	_ = filepath.Walk("/proc/sys/net", func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() && !strings.HasSuffix(path, "/nf_conntrack_count") {
			if text, err := os.ReadFile(path); err == nil {
				settings[strings.ReplaceAll(strings.TrimPrefix(path, "/proc/sys/"), "/", ".")] = strings.TrimSpace(string(text))
			}
		}
		return nil
	})
	return settings
}

func changedSettings(before map[string]string) string {
	lines := []string{}
	for name, value := range kernelSettings() {
		if old, there := before[name]; there && old != value {
			lines = append(lines, name+" = "+value+"\n")
		}
	}
	sort.Strings(lines)
	return strings.Join(lines, "")
}

// trackConnections enters a connection to each host port by TCP and UDP in both families, and one to port 9.
func trackConnections(c *hostPortCase, all []podMappings) map[string]bool {
	ports := map[int]bool{9: true}
	for _, m := range all {
		for _, p := range m.PortMappings {
			ports[p.HostPort] = true
		}
	}
	for port := range ports {
		for _, protocol := range []string{"tcp", "udp"} {
			for _, ends := range [][2]string{{"198.51.100.7", "192.0.2.1"}, {"2001:db8:100::7", "2001:db8:2::1"}} {
				args := []string{"-I", "-p", protocol, "-s", ends[0], "-d", ends[1], "--sport", "40000", "--dport", fmt.Sprint(port), "--timeout", "600"}
				if protocol == "tcp" {
					args = append(args, "--state", "ESTABLISHED")
				}
				if _, err := run("", "conntrack", args...); err != nil {
					fail(err.Error())
				}
			}
		}
	}
	return trackedConnections()
}

func trackedConnections() map[string]bool {
	found := map[string]bool{}
	for _, family := range []string{"ipv4", "ipv6"} {
		text, err := run("", "conntrack", "-L", "-f", family)
		if err != nil {
			fail(err.Error())
		}
		for _, line := range strings.Split(text, "\n") {
			fields := strings.Fields(line)
			for _, field := range fields {
				if port, is := strings.CutPrefix(field, "dport="); is {
					found[family+" "+fields[0]+" "+port] = true
					break
				}
			}
		}
	}
	return found
}

func forgotten(before map[string]bool) string {
	lines, now := []string{}, trackedConnections()
	for line := range before {
		if !now[line] {
			lines = append(lines, line+"\n")
		}
	}
	sort.Strings(lines)
	return strings.Join(lines, "")
}

func run(stdin, name string, args ...string) (string, error) {
	var out, errs bytes.Buffer
	c := exec.Command(name, args...)
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &out, &errs
	if err := c.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, errs.String())
	}
	return out.String(), nil
}
