"""Words for fields of message templates whose line the notice itself does not have."""

REST = "打开公众号看详情"
NEWS = "新消息"
