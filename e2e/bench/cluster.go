package bench

import "context"

func (r *Run) cluster(context.Context) error { return nil }
