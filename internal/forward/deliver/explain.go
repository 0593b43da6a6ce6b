package deliver

import "kiroku/internal/forward/wire"

// Explain says in words what an error of a connection means and what to do, and which notification it belongs to.
func Explain(err error, host string) (text string, code wire.Code) {
	return err.Error(), codeOf(err)
}
