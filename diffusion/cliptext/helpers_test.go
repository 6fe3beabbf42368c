package cliptext
