"""Many nodes on a network: what they tell, what they are told, who lets them in."""
