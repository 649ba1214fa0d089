"""Our validator held against HL7's own: mutations made from the facts, and every answer we send."""
