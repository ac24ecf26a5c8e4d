package config

import (
	"errors"
	"fmt"
	"net"
	"strconv"
)

func (c Config) validate() error {
	return errors.Join(
		required("--identity", c.IdentityFile),
		required("--token", c.TokenFile),
		required("--authorization", c.AuthorizationFile),
		checkListen(c.Listen),
		checkMetrics(c.Metrics, c.Listen),
		c.validateSource(),
	)
}

func required(flag, file string) error {
	if file == "" {
		return fmt.Errorf("%s is empty: give the path of a file", flag)
	}
	return nil
}

// checkListen demands the literal 127.0.0.1: it is the one host that every AWS SDK accepts (README, rule 1), and
// any address but loopback would hand the role to the network.
func checkListen(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host != "127.0.0.1" {
		return fmt.Errorf("--listen=%s is not of the form 127.0.0.1:port: the sidecar serves its own pod alone", address)
	}
	if !validPort(port) {
		return fmt.Errorf("--listen=%s names no port: choose one from 1 to 65535", address)
	}
	return nil
}

// checkMetrics allows every address, since a Prometheus elsewhere has to reach it and there is no secret to read.
func checkMetrics(address, listen string) error {
	if address == "" {
		return nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil || host != "" && net.ParseIP(host) == nil {
		return fmt.Errorf("--metrics=%s is not of the form [ip]:port: set it to one such as :9464, or leave it out", address)
	}
	if !validPort(port) {
		return fmt.Errorf("--metrics=%s names no port: choose one from 1 to 65535", address)
	}
	if _, taken, err := net.SplitHostPort(listen); err == nil && port == taken {
		return fmt.Errorf("--metrics=%s has the port of --listen: choose another", address)
	}
	return nil
}

func validPort(port string) bool {
	number, err := strconv.ParseUint(port, 10, 16)
	return err == nil && number > 0
}
