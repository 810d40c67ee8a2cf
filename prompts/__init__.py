"""From words to a sound file that Asterisk plays."""
