"""Anchors: what somebody else holds of a checkpoint, so that its signer cannot write it anew."""
