"""The bundle: the sealed evidence of a period in a folder that anybody can check without Assay."""
