"""The web: sign-in, the keypad phone, health."""
