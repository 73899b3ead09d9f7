<?php

declare(strict_types=1);

namespace CommerceDynamics\InvoicePortal\Block;

use CommerceDynamics\InvoicePortal\Model\Token;
use Magento\Framework\View\Element\Template;
use Magento\Framework\View\Element\Template\Context;

/**
 * The place of the component on the customer's page.
 */
class Portal extends Template
{
    public function __construct(Context $context, private readonly Token $token, array $data = [])
    {
        parent::__construct($context, $data);
    }

    public function portalUrl(): string
    {
        return $this->token->url();
    }

    public function tokenUrl(): string
    {
        return $this->getUrl('invoiceportal/token/index');
    }
}
