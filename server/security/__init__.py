"""Who is calling and what they may do: passwords, credentials, groups, access lines.

`credentials` answers who somebody is, `access` what they may do; both remember in the process what the database said and forget
it with the change signal. Nothing here knows a door.
"""
