package network

import "docent/labs/network/recipes"

// aptHosts are the hosts of the package mirrors that this machine is set up
// with. Image builds of a hermetic run may reach them, as the machine may.
func aptHosts() []string { return recipes.MirrorHosts() }
