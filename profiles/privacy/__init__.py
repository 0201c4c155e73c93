"""What customers may decide about what is known of them: consent, export, erasure, retention, and who has looked.

Nothing is imported here; take what you need.

`purposes` what data is used for · `consents` who agreed to what, a line each time · `settings` the shop's defaults ·
`guard` what may be written of whom · `withdrawal` what goes when profiling is no longer agreed to · `keys` a customer
without their id · `tombstones` who was erased · `consent_file` who took a consent back, where a backup does not reach ·
`restoring` what a database that was put back has missed · `barred` of whom no model learns · `places` the protocol of
erasure · `erasure` all places, and the receipt · `profile_place` the profile's own tables · `overwriting` nothing left
in the file · `spans` times to keep · `retention` what is too old · `retain` removing it · `audit` who looked at whom ·
`export` everything that is held · `commands` the command line.
"""
