package process

import (
	"fmt"
	stdlog "log"

	"github.com/bombsimon/logrusr/v4"
	"github.com/sirupsen/logrus"
	"k8s.io/klog/v2"
	ctrl "sigs.k8s.io/controller-runtime"
)

// NewLogger makes the one logger of the process: JSON lines, also for what the libraries log.
func NewLogger(level string) (*logrus.Logger, error) {
	log, err := newLogger(level)
	if err != nil {
		return nil, err
	}
	ctrl.SetLogger(logrusr.New(log))
	klog.SetLogger(logrusr.New(log))
	// net/http reports failed handshakes to the standard logger.
	stdlog.SetFlags(0)
	stdlog.SetOutput(log.WriterLevel(logrus.WarnLevel))
	return log, nil
}

func newLogger(level string) (*logrus.Logger, error) {
	parsed, err := logrus.ParseLevel(level)
	if err != nil {
		return nil, fmt.Errorf("set the log level: %w", err)
	}
	log := logrus.New()
	log.SetFormatter(&logrus.JSONFormatter{})
	log.SetLevel(parsed)
	return log, nil
}
