// Cannot be built.
package main

import "nope"

func main() {
	nope.Ask()
}
