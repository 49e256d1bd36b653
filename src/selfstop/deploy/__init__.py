"""The deployment of a program: which settings, images, launchers and scaling groups it runs under."""
