"""What stages share: the ffmpeg runner, sound and picture files, fonts, the watermark codec."""
