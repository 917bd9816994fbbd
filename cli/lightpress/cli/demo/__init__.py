"""The demo: pictures drawn by code to upload, and a contact sheet of what came back."""
