//go:build !linux

package connections

func (c *connection) read(p []byte) (int, error) { return c.readAny(p) }
