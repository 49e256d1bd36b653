"""The verdicts of selfstop, checked by running what it judges.

Small programs are generated (``programs``, ``shapes``) or made from the fixtures (``mutants``), run under every
combination of what the outside may answer (``instrument``, ``memory``, ``world``, ``execution``), and what the runs
show is compared with what the engine says (``comparison``). ``python -m tests.oracle`` runs a whole campaign.
"""
