"""How a talking-head model is given portrait, voice and motion, and what is made of its film."""
