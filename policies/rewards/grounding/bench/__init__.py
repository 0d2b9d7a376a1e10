"""How well a served model points: labelled questions asked, answers judged and summed up."""
